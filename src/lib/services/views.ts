import type { AccountId, ConversationId } from '../core/ids.ts';
import { chainFromBytes } from '../crypto/senderKey/chain.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { newestMessages } from '../db/messages.ts';
import type { ConversationRow, MessageRow, OfflineOperationRow, SenderKeyRow, Store } from '../db/store.ts';
import { may, type Role } from '../domain/roles.ts';
import type { Identity } from '../sync/identity.ts';
import type { Intent } from '../sync/intents.ts';
import type { NoticeFacts } from '../sync/notices.ts';
import { suiteLabel } from './suites.ts';
import type {
  ConversationItem,
  ConversationView,
  MemberItem,
  MessageItem,
  Notice,
  PersonItem,
  SecurityItem,
  WaitingItem,
} from './client.ts';

/** What the page shows, read from the store: each function is one live query. */
export interface Viewer {
  readonly store: Store;
  readonly identity: Identity;
}

/** All conversations, the liveliest first. */
export async function listConversations(viewer: Viewer): Promise<ConversationItem[]> {
  const { store } = viewer;
  const rows = await store.conversations.orderBy('lastActivity').reverse().toArray();
  const names = await namesOf(viewer);
  const pending = await pendingLanes(store);
  return Promise.all(
    rows.map(async (row) => {
      const { rows: newest } = await newestMessages(store, row.id, 1);
      const last = newest[0];
      const item: ConversationItem = {
        id: row.id,
        kind: kindOf(row),
        title: row.title,
        draft: row.draft ?? '',
        unread: row.unreadCount,
        lastActivity: row.lastActivity,
        isPending: pending.has(row.id),
      };
      return last === undefined ? item : { ...item, preview: previewOf(viewer, row, last, names) };
    }),
  );
}

/** All contacts by name. */
export async function listPeople({ store }: Viewer): Promise<PersonItem[]> {
  const rows = await store.contacts.toArray();
  return rows
    .map((row) => ({
      account: row.contactId,
      name: row.displayName,
      isVerified: row.isVerified,
      addedAt: row.addedAt,
    }))
    .sort((a, b) => a.name.localeCompare(b.name) || (a.account < b.account ? -1 : 1));
}

/** One conversation with its newest `limit` messages; `undefined` where there is none. */
export async function viewConversation(
  viewer: Viewer,
  id: ConversationId,
  limit: number,
): Promise<ConversationView | undefined> {
  const { store } = viewer;
  const row = await store.conversations.get(id);
  if (row === undefined) return undefined;
  const names = await namesOf(viewer);
  const operations = await store.offlineOperations.where('lane').equals(id).toArray();
  const { rows, hasOlder } = await newestMessages(store, id, limit);
  const members = await membersOf(viewer, row, operations, names);
  const group = await groupOfConversation(store, id);
  const chain =
    group === undefined
      ? undefined
      : await store.senderKeys.where('[groupId+epoch+leaf]').between([group, 0], [group, Infinity]).last();
  const own = members.find((member) => member.isSelf);
  const creates = operations.some((operation) => operation.operationType === 'create' && operation.status !== 'failed');
  const canSend = (group !== undefined || creates) && row.metadata?.['leaving'] !== true;
  const isGroup = kindOf(row) === 'group';
  return {
    id,
    ...(group === undefined ? {} : { group }),
    kind: kindOf(row),
    title: row.title,
    draft: row.draft ?? '',
    members,
    messages: rows.map((message) => messageItem(viewer, message, names)),
    hasOlder,
    unread: row.unreadCount,
    lastReadSortKey: row.lastReadSortKey,
    isPending: creates,
    canSend,
    canAdd: isGroup && canSend && own !== undefined && may(own.role, 'add-member'),
    canRemove: isGroup && canSend && own !== undefined && may(own.role, 'remove-member'),
    suite: suiteOf(chain),
    epoch: chain?.epoch ?? 0,
  };
}

/** What waits on this device or failed, oldest first. Receipts go unnoticed. */
export async function listWaiting({ store }: Viewer): Promise<WaitingItem[]> {
  const operations = (await store.offlineOperations.toArray()).filter(isVisible);
  operations.sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
  return Promise.all(
    operations.map(async (operation) => {
      const id = operation.lane as ConversationId;
      const conversation = await store.conversations.get(id);
      const message =
        operation.messageId === undefined
          ? undefined
          : await store.messages.where('id').equals(operation.messageId).first();
      return {
        operation: operation.id,
        what: whatOf(operation),
        conversation: id,
        title: conversation?.title ?? '',
        text: message?.content ?? '',
        since: operation.createdAt,
        status: statusOf(operation),
        ...(operation.errorMessage === undefined ? {} : { reason: operation.errorMessage }),
      };
    }),
  );
}

/** How many operations wait, and how many failed. */
export async function countWaiting(store: Store): Promise<{ waiting: number; failed: number }> {
  const operations = (await store.offlineOperations.toArray()).filter(isVisible);
  const failed = operations.filter((operation) => operation.status === 'failed').length;
  return { waiting: operations.length - failed, failed };
}

/** The newest security events first. */
export async function listSecurityEvents({ store }: Viewer): Promise<SecurityItem[]> {
  const rows = await store.securityEvents.orderBy('timestamp').reverse().limit(100).toArray();
  return rows.map((row) => ({
    id: row.eventId,
    type: row.eventType,
    severity: row.severity,
    description: row.description,
    at: row.timestamp,
  }));
}

/** The suite of a group, as its newest chain says. */
function suiteOf(chain: SenderKeyRow | undefined): string {
  const decoded = chain === undefined ? undefined : chainFromBytes(chain.chainKey);
  return decoded?.ok === true ? suiteLabel(decoded.value.suite) : '';
}

type Names = ReadonlyMap<string, string>;

const namesOf = async ({ store }: Viewer): Promise<Names> =>
  new Map((await store.users.toArray()).map((row) => [row.id, row.displayName]));

const kindOf = (row: ConversationRow): 'direct' | 'group' => (row.groupId === undefined ? 'direct' : 'group');

const isVisible = (operation: OfflineOperationRow): boolean =>
  operation.operationType === 'append'
    ? operation.messageId !== undefined
    : operation.operationType !== 'release' && operation.operationType !== 'rotate';

async function pendingLanes(store: Store): Promise<Set<string>> {
  const operations = await store.offlineOperations.toArray();
  return new Set(operations.filter((o) => o.operationType === 'create' && o.status !== 'failed').map((o) => o.lane));
}

function previewOf(
  { identity }: Viewer,
  conversation: ConversationRow,
  message: MessageRow,
  names: Names,
): NonNullable<ConversationItem['preview']> {
  const item = { text: message.content ?? '' };
  const notice = message.metadata?.['notice'] as NoticeFacts | undefined;
  if (notice !== undefined) return { ...item, notice: noticeItem(notice, names, identity.account) };
  if (message.isOutgoing) return { ...item, state: message.status };
  return kindOf(conversation) === 'group' ? { ...item, author: names.get(message.senderId) ?? '' } : item;
}

function messageItem({ identity }: Viewer, row: MessageRow, names: Names): MessageItem {
  const item: MessageItem = {
    id: row.id,
    sortKey: row.sortKey,
    sender: row.senderId,
    senderName: names.get(row.senderId) ?? '',
    isOutgoing: row.isOutgoing,
    type: row.type === 'system' || row.type === 'encrypted' ? row.type : 'text',
    text: row.content ?? '',
    at: row.timestamp,
    ...(row.isOutgoing ? { state: row.status } : {}),
  };
  const notice = row.metadata?.['notice'] as NoticeFacts | undefined;
  const reason = row.metadata?.['reason'];
  return {
    ...item,
    ...(notice === undefined ? {} : { notice: noticeItem(notice, names, identity.account) }),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}

/** A notice with names in place of accounts; oneself is the empty name. */
function noticeItem(facts: NoticeFacts, names: Names, self: AccountId): Notice {
  const name = (account: AccountId): string => (account === self ? '' : (names.get(account) ?? '?'));
  switch (facts.what) {
    case 'created':
    case 'joined':
      return { what: facts.what, by: facts.by === undefined ? '' : name(facts.by) };
    case 'added':
    case 'removed':
      return { what: facts.what, by: name(facts.by), who: facts.who.map(name) };
    case 'left':
      return { what: 'left', who: facts.who.map(name) };
  }
}

/** Who is in the conversation, with what waits to change: ourselves first, then by name. */
async function membersOf(
  { store, identity }: Viewer,
  row: ConversationRow,
  operations: readonly OfflineOperationRow[],
  names: Names,
): Promise<MemberItem[]> {
  const member = (account: AccountId, role: Role): MemberItem => ({
    account,
    name: names.get(account) ?? '',
    role,
    isSelf: account === identity.account,
  });
  const members = new Map<AccountId, MemberItem>();
  if (row.groupId === undefined) {
    members.set(identity.account, member(identity.account, 'owner'));
    if (row.contactId !== undefined) members.set(row.contactId, member(row.contactId, 'owner'));
  } else {
    const rows = await store.groupMembers.where('groupId').equals(row.groupId).toArray();
    for (const { memberId, role } of rows) members.set(memberId, member(memberId, role));
  }
  for (const operation of operations.filter((o) => o.status !== 'failed')) {
    const intent = operation.operationData as Intent | undefined;
    if (intent?.what === 'create' && row.groupId !== undefined) {
      members.set(identity.account, member(identity.account, 'owner'));
    }
    if (intent?.what === 'create' || intent?.what === 'add') {
      for (const { account } of intent.people) {
        if (!members.has(account)) members.set(account, { ...member(account, 'member'), pending: 'adding' });
      }
    } else if (intent?.what === 'remove') {
      for (const account of intent.accounts) {
        const known = members.get(account);
        if (known !== undefined) members.set(account, { ...known, pending: 'removing' });
      }
    }
  }
  return [...members.values()].sort((a, b) => Number(b.isSelf) - Number(a.isSelf) || a.name.localeCompare(b.name));
}

function whatOf({ operationType }: OfflineOperationRow): WaitingItem['what'] {
  return operationType === 'create' || operationType === 'add' || operationType === 'remove'
    ? operationType
    : 'message';
}

function statusOf({ status }: OfflineOperationRow): WaitingItem['status'] {
  if (status === 'failed') return 'failed';
  if (status === 'inFlight') return 'sending';
  return status === 'needsRekey' ? 'rekeying' : 'waiting';
}
