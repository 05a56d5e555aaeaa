import { utf8 } from '../core/bytes.ts';
import { newId, type AccountId, type ConversationId, type GroupId } from '../core/ids.ts';
import { err, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { directConversationId } from '../crypto/identity.ts';
import { createLeaveNote, groupFromBytes } from '../crypto/mls/index.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { ensureConversation } from '../db/roster.ts';
import { may, type Right, type Role } from '../domain/roles.ts';
import { limits } from '../protocol/limits.ts';
import { compose, composeTables, newMessageId, nextSortKey, type Composer } from '../sync/compose.ts';
import type { Person } from '../sync/intents.ts';
import { addNotice } from '../sync/notices.ts';
import { queueIntent } from '../sync/queueIntent.ts';

/** Tables of a transaction that makes a conversation and notes what is to become of it. */
const groupTables = [
  ...composeTables,
  'users',
  'contacts',
  'conversations',
  'groups',
  'groupMembers',
  'messages',
] as const;

/** The one direct conversation with a contact, made if there is none. Refused: `not-found`. */
export async function openDirect(composer: Composer, contact: AccountId): Promise<Result<ConversationId, Fault>> {
  const { store, identity, clock, random } = composer;
  const id = directConversationId(identity.account, contact);
  return settle(
    store.tx('rw', groupTables, async () => {
      const person = await personOf(composer, contact);
      if ((await store.conversations.get(id)) === undefined) {
        await ensureConversation(store, { id, kind: 'direct', contactId: contact, title: person.name }, clock.now());
        const groupId = newId<GroupId>(random);
        await queueIntent(composer, id, { what: 'create', kind: 'direct', groupId, name: '', people: [person] });
      }
      return id;
    }),
  );
}

/** A new group with these contacts; its maker owns it. Refused: `bad-name`, `no-members`, `not-found`. */
export async function createGroup(
  composer: Composer,
  input: { readonly name: string; readonly people: readonly AccountId[] },
): Promise<Result<ConversationId, Fault>> {
  const { store, identity, clock, random } = composer;
  const name = input.name.trim().normalize('NFC');
  if (name === '' || utf8(name).length > limits.name) return err({ code: 'bad-name', retry: 'person' });
  if (input.people.length === 0) return err({ code: 'no-members', retry: 'person' });
  const groupId = newId<GroupId>(random);
  const id = groupId as string as ConversationId;
  return settle(
    store.tx('rw', groupTables, async () => {
      const people = await Promise.all([...new Set(input.people)].map((account) => personOf(composer, account)));
      const now = clock.now();
      await store.groups.add({
        groupId,
        name,
        groupType: 'private',
        joinRule: 'invite',
        createdBy: identity.account,
        maxMembers: 100,
        isAnonymous: false,
        isActive: true,
        createdAt: now,
        updatedAt: now,
      });
      await ensureConversation(store, { id, kind: 'group', groupId, title: name }, now);
      // Said now, not when the relay has it: what is written meanwhile comes after it.
      await addNotice(composer, id, { what: 'created', by: identity.account });
      await queueIntent(composer, id, { what: 'create', kind: 'group', groupId, name, people });
      return id;
    }),
  );
}

/** Refused: `not-found`, `not-a-member`, `not-allowed`. */
export function addPeople(
  composer: Composer,
  id: ConversationId,
  accounts: readonly AccountId[],
): Promise<Result<void>> {
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const groupId = await groupWithRight(composer, id, 'add-member');
      const people = await Promise.all(accounts.map((account) => personOf(composer, account)));
      await queueIntent(composer, id, { what: 'add', groupId, people });
    }),
  );
}

/** Refused: `not-a-member`, `not-allowed`. */
export function removePerson(composer: Composer, id: ConversationId, account: AccountId): Promise<Result<void>> {
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const groupId = await groupWithRight(composer, id, 'remove-member');
      await queueIntent(composer, id, { what: 'remove', groupId, accounts: [account] });
    }),
  );
}

/**
 * Sends a signed note that this person leaves; whoever reads it first commits the removal. Nothing can be
 * written from then on. Refused: `not-a-member`, `last-owner` (somebody else must own the group first).
 */
export async function leaveGroup(composer: Composer, id: ConversationId): Promise<Result<void>> {
  const { store, identity, clock, random } = composer;
  return settle(
    store.tx('rw', groupTables, async () => {
      const groupId = (await groupOfConversation(store, id)) ?? notMember();
      const members = await store.groupMembers.where('groupId').equals(groupId).toArray();
      const owners = members.filter((member) => member.role === 'owner');
      if (owners.length === 1 && owners[0]?.memberId === identity.account && members.length > 1) {
        return refuse({ code: 'last-owner', retry: 'person' });
      }
      const row = await store.mlsGroups.get(groupId);
      const group = row === undefined ? undefined : groupFromBytes(row.state, identity);
      if (group === undefined || !group.ok) return notMember();
      const { sortKey } = await nextSortKey(composer);
      const content = { k: 'leave' as const, n: createLeaveNote(group.value, identity) };
      await compose(composer, id, content, { id: newMessageId(random), sortKey, isMessage: false });
      const conversation = await store.conversations.get(id);
      const metadata = { ...conversation?.metadata, leaving: true };
      await store.conversations.update(id, { metadata, updatedAt: clock.now() });
    }),
  );
}

/** The name card of somebody known. */
async function personOf({ store }: Composer, account: AccountId): Promise<Person> {
  const user = await store.users.get(account);
  if (user?.nameSalt === undefined) return refuse({ code: 'not-found', retry: 'person' });
  return { account, name: user.displayName, salt: user.nameSalt };
}

async function groupWithRight({ store, identity }: Composer, id: ConversationId, right: Right): Promise<GroupId> {
  const conversation = await store.conversations.get(id);
  const groupId = conversation?.groupId;
  if (groupId === undefined) return notMember();
  const member = await store.groupMembers.get([groupId, identity.account]);
  const role: Role | undefined = member?.role ?? ((await isOwnPending(store, id)) ? 'owner' : undefined);
  if (role === undefined) return notMember();
  if (!may(role, right)) return refuse({ code: 'not-allowed', retry: 'person' });
  return groupId;
}

/** A group of our own that the relay has not seen yet. */
async function isOwnPending(store: Composer['store'], id: ConversationId): Promise<boolean> {
  const waiting = await store.offlineOperations.where('lane').equals(id).toArray();
  return waiting.some((operation) => operation.operationType === 'create');
}

const notMember = (): never => refuse({ code: 'not-a-member', retry: 'person' });
