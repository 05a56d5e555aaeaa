import type { AccountId } from '../core/ids.ts';
import { openableOf } from '../db/openable.ts';
import type { ConversationRow, GroupMemberRow, OfflineOperationRow, Store } from '../db/store.ts';
import { heirOf } from '../domain/groupData.ts';
import { may, outranks, rolesToGive, type Role } from '../domain/roles.ts';
import type { Intent, Wanted } from '../sync/intents.ts';
import type { GroupDetails, MemberItem } from './client.ts';
import { importedOf } from './imported.ts';
import { namesOf, type Viewer } from './viewer.ts';

/** Who is in the conversation, with what waits to change: ourselves first, then by name. */
export async function membersOf(
  viewer: Viewer,
  row: ConversationRow,
  operations: readonly OfflineOperationRow[],
): Promise<MemberItem[]> {
  const { store, identity } = viewer;
  const members = new Map<AccountId, MemberItem>();
  const put = (account: AccountId, role: Role, more: Partial<MemberItem> = {}) => {
    const isSelf = account === identity.account;
    const none = { name: '', isVerified: false, mayRemove: false, mayOwn: false, mayGive: [] };
    members.set(account, { account, role, isSelf, ...none, ...more });
  };
  const imported = importedOf(row);
  if (imported !== undefined) {
    for (const { account, name } of imported.members) put(account, 'member', { name });
  } else if (row.groupId === undefined) {
    put(identity.account, 'owner');
    if (row.contactId !== undefined) put(row.contactId, 'owner');
  } else {
    for (const member of await rowsOf(store, row)) put(member.memberId, member.role);
  }
  for (const intent of intentsOf(operations)) {
    if (intent.what === 'create' && row.groupId !== undefined) put(identity.account, 'owner');
    if (intent.what === 'create' || intent.what === 'add') {
      for (const { account } of intent.people) if (!members.has(account)) put(account, 'member', { pending: 'adding' });
    }
    for (const [account, change] of pendingChanges(intent, identity.account)) {
      const known = members.get(account);
      if (known !== undefined) members.set(account, { ...known, ...change });
    }
  }
  const isActive = row.groupId !== undefined && row.metadata?.['leaving'] !== true;
  const own = members.get(identity.account)?.role;
  const names = await namesOf(viewer, members.keys());
  const contacts = await openableOf(store.contacts, [...members.keys()]);
  const verified = new Set(contacts.filter(({ isVerified }) => isVerified).map(({ contactId }) => contactId));
  return [...members.values()]
    .map((member) => ({
      ...member,
      name: names.get(member.account) ?? member.name,
      isVerified: verified.has(member.account),
    }))
    .map((member) => (isActive && own !== undefined ? { ...member, ...rightsOver(own, member) } : member))
    .sort((a, b) => Number(b.isSelf) - Number(a.isSelf) || a.name.localeCompare(b.name));
}

/** What a change that waits will make of members. */
function pendingChanges(intent: Intent, self: AccountId): (readonly [AccountId, Partial<MemberItem>])[] {
  if (intent.what === 'remove') return intent.accounts.map((account) => [account, { pending: 'removing' }]);
  if (intent.what === 'role') return [[intent.account, { pending: 'role', nextRole: intent.role }]];
  if (intent.what !== 'transfer') return [];
  return [
    [intent.account, { pending: 'role', nextRole: 'owner' }],
    [self, { pending: 'role', nextRole: 'admin' }],
  ];
}

function rightsOver(own: Role, member: MemberItem): Pick<MemberItem, 'mayRemove' | 'mayOwn' | 'mayGive'> {
  if (member.pending !== undefined) return { mayRemove: false, mayOwn: false, mayGive: [] };
  return {
    mayRemove: !member.isSelf && may(own, 'remove-member') && outranks(own, member.role),
    mayOwn: !member.isSelf && own === 'owner' && member.role !== 'owner',
    mayGive: member.isSelf && own === 'owner' ? [] : rolesToGive(own, member.role, member.isSelf),
  };
}

/** What a group says about itself, with what waits to change; `undefined` for a direct chat. */
export async function groupDetailsOf(
  { store, identity }: Viewer,
  row: ConversationRow,
  operations: readonly OfflineOperationRow[],
  members: readonly MemberItem[],
): Promise<GroupDetails | undefined> {
  const group = row.groupId === undefined ? undefined : await store.groups.get(row.groupId);
  if (group === undefined) return undefined;
  const rows = await rowsOf(store, row);
  const own = rows.find(({ memberId }) => memberId === identity.account)?.role;
  const roster = rows.map(({ memberId, role }) => ({ account: memberId, role, name: '', salt: new Uint8Array() }));
  const heir = heirOf({ v: 1, kind: 'group', name: '', description: '', maxMembers: 1, roster }, [identity.account]);
  const changes = intentsOf(operations).filter((intent): intent is Wanted<'settings'> => intent.what === 'settings');
  const pending = changes.reduce<GroupDetails['pending']>((all, { name, description, maxMembers, isChannel }) => {
    const next = { name, description, maxMembers, isChannel };
    return { ...all, ...Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)) };
  }, {});
  return {
    description: group.description ?? '',
    maxMembers: group.maxMembers,
    kind: group.groupType,
    ...(group.joinRule === 'invite' ? {} : { link: group.joinRule }),
    isChannel: group.settings?.['isChannel'] === true,
    isLeaving: own !== undefined && row.metadata?.['leaving'] === true,
    canChange: own !== undefined && row.metadata?.['leaving'] !== true && may(own, 'change-settings'),
    pending,
    ...(own === 'owner' && heir !== undefined
      ? { heir: members.find(({ account }) => account === heir)?.name ?? '' }
      : {}),
  };
}

const rowsOf = (store: Store, row: ConversationRow): Promise<GroupMemberRow[]> =>
  Promise.resolve(
    store.groupMembers
      .where('groupId')
      .equals(row.groupId ?? '')
      .toArray(),
  );

const intentsOf = (operations: readonly OfflineOperationRow[]): Intent[] =>
  operations
    .filter(({ operationType, status }) => operationType !== 'append' && status !== 'failed')
    .map(({ operationData }) => operationData as Intent);
