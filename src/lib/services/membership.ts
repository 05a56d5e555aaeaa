import { utf8 } from '../core/bytes.ts';
import type { AccountId, ConversationId, GroupId } from '../core/ids.ts';
import { err, refuse, settle, type Result } from '../core/result.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { wishesIn } from '../db/outbox.ts';
import type { GroupMemberRow } from '../db/store.ts';
import { may, outranks, rolesToGive, type Right, type Role } from '../domain/roles.ts';
import { limits } from '../protocol/limits.ts';
import type { Composer } from '../sync/compose.ts';
import type { GroupSettings, Intent } from '../sync/intents.ts';
import { queueIntent } from '../sync/queueIntent.ts';
import { groupTables, personOf } from './groups.ts';

/** What is wished for a group that is there: who is in it, with what role, and what it says about itself. */

/** Refused: `not-found`, `not-a-member`, `not-allowed`. */
export function addPeople(
  composer: Composer,
  id: ConversationId,
  accounts: readonly AccountId[],
): Promise<Result<void>> {
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const { groupId } = await groupWithRight(composer, id, 'add-member');
      const people = await Promise.all(accounts.map((account) => personOf(composer, account)));
      const asOf = (await composer.store.mlsGroups.get(groupId))?.epoch ?? 0;
      await queueIntent(composer, id, { what: 'add', groupId, people, asOf });
    }),
  );
}

/** Refused: `not-a-member`, `not-allowed`, `member-gone`. */
export function removePerson(composer: Composer, id: ConversationId, account: AccountId): Promise<Result<void>> {
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const { groupId, role } = await groupWithRight(composer, id, 'remove-member');
      const target = await roleOf(composer, id, groupId, account);
      if (account === composer.identity.account || !outranks(role, target)) notAllowed();
      await queueIntent(composer, id, { what: 'remove', groupId, accounts: [account] });
    }),
  );
}

/** Refused: `not-a-member`, `not-allowed`, `member-gone`, `last-owner`. */
export function setRole(composer: Composer, id: ConversationId, account: AccountId, role: Role): Promise<Result<void>> {
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const { groupId, role: own } = await groupWithRight(composer, id, 'change-role');
      const target = await roleOf(composer, id, groupId, account);
      const isSelf = account === composer.identity.account;
      if (!rolesToGive(own, target, isSelf).includes(role)) notAllowed();
      if (isSelf && own === 'owner' && (await ownersOf(composer, groupId)).length === 1) {
        refuse({ code: 'last-owner', retry: 'person' });
      }
      await queueIntent(composer, id, { what: 'role', groupId, account, role });
    }),
  );
}

/** The other becomes owner, oneself an admin. Refused: `not-a-member`, `not-allowed`, `member-gone`. */
export function transferOwnership(composer: Composer, id: ConversationId, account: AccountId): Promise<Result<void>> {
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const { groupId, role } = await groupWithRight(composer, id, 'change-role');
      if (role !== 'owner' || account === composer.identity.account) notAllowed();
      await roleOf(composer, id, groupId, account);
      await queueIntent(composer, id, { what: 'transfer', groupId, account });
    }),
  );
}

/** Refused: `bad-name`, `too-long`, `group-full` (fewer places than people), `not-a-member`, `not-allowed`. */
export async function changeGroup(composer: Composer, id: ConversationId, input: GroupSettings): Promise<Result<void>> {
  const name = input.name?.trim().normalize('NFC');
  const description = input.description?.trim().normalize('NFC');
  if (name !== undefined && (name === '' || utf8(name).length > limits.name)) {
    return err({ code: 'bad-name', retry: 'person' });
  }
  if (utf8(description ?? '').length > limits.description) return err({ code: 'too-long', retry: 'person' });
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const { groupId } = await groupWithRight(composer, id, 'change-settings');
      const places = input.maxMembers ?? limits.groupMembers;
      const people = await composer.store.groupMembers.where('groupId').equals(groupId).count();
      if (places < people || places > limits.groupMembers) refuse({ code: 'group-full', retry: 'person' });
      await queueIntent(composer, id, {
        what: 'settings',
        groupId,
        ...input,
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
      });
    }),
  );
}

/**
 * Says to the others that this person leaves; whoever reads it first commits the removal. Nothing can be
 * written from then on. The last owner's group goes to its heir. Refused: `not-a-member`.
 */
export async function leaveGroup(composer: Composer, id: ConversationId): Promise<Result<void>> {
  const { store, clock } = composer;
  return settle(
    store.tx('rw', groupTables, async () => {
      const groupId = (await groupOfConversation(store, id)) ?? notMember();
      const conversation = await store.conversations.get(id);
      if (conversation?.metadata?.['leaving'] === true) return;
      await queueIntent(composer, id, { what: 'leave', groupId });
      const metadata = { ...conversation?.metadata, leaving: true };
      await store.conversations.update(id, { metadata, updatedAt: clock.now() });
    }),
  );
}

export async function groupWithRight(
  { store, identity }: Composer,
  id: ConversationId,
  right: Right,
): Promise<{ readonly groupId: GroupId; readonly role: Role }> {
  const conversation = await store.conversations.get(id);
  const groupId = conversation?.groupId;
  if (groupId === undefined || conversation?.metadata?.['leaving'] === true) return notMember();
  const member = await store.groupMembers.get([groupId, identity.account]);
  const role: Role | undefined = member?.role ?? ((await isOwnPending(store, id)) ? 'owner' : undefined);
  if (role === undefined) return notMember();
  if (!may(role, right)) notAllowed();
  return { groupId, role };
}

/** The role of somebody in a group; of those who wait to be added the one they will have. */
async function roleOf({ store }: Composer, id: ConversationId, groupId: GroupId, account: AccountId): Promise<Role> {
  const member = await store.groupMembers.get([groupId, account]);
  if (member !== undefined) return member.role;
  const waiting = await wishesIn(store, id);
  const isComing = waiting.some(({ operationData }) => {
    const intent = operationData as Intent | undefined;
    return (intent?.what === 'create' || intent?.what === 'add') && intent.people.some((p) => p.account === account);
  });
  return isComing ? 'member' : refuse({ code: 'member-gone', retry: 'person' });
}

const ownersOf = async ({ store }: Composer, groupId: GroupId): Promise<GroupMemberRow[]> =>
  store.groupMembers.where('[groupId+role]').equals([groupId, 'owner']).toArray();

/** A group of our own that the relay has not seen yet. */
async function isOwnPending(store: Composer['store'], id: ConversationId): Promise<boolean> {
  const waiting = await wishesIn(store, id);
  return waiting.some((operation) => operation.operationType === 'create');
}

const notAllowed = (): never => refuse({ code: 'not-allowed', retry: 'person' });
const notMember = (): never => refuse({ code: 'not-a-member', retry: 'person' });
