import { utf8 } from '../core/bytes.ts';
import { newId, type AccountId, type ConversationId, type GroupId } from '../core/ids.ts';
import { err, ok, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { directConversationId } from '../crypto/identity.ts';
import { messageTables } from '../db/messages/whole.ts';
import { ensureConversation, kindOf, lifetimeOf } from '../db/roster.ts';
import type { JoinLink } from '../domain/groupData.ts';
import type { NewGroup } from './groupViews.ts';
import { limits } from '../protocol/limits.ts';
import { composeTables, type Composer } from '../sync/compose.ts';
import type { Person } from '../sync/intents.ts';
import { addNotice } from '../sync/notices.ts';
import { queueIntent } from '../sync/queueIntent.ts';

/** Tables of a transaction that makes a conversation and notes what is to become of it. */
export const groupTables = [...composeTables, ...messageTables, 'users', 'contacts', 'groups', 'groupMembers'] as const;

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

/**
 * A new group with these contacts; its maker owns it. Refused: `bad-name`, `no-members` (of a group that nobody
 * can come to by a link), `not-found`, `validation` (it would end before it began).
 */
export async function createGroup(composer: Composer, input: NewGroup): Promise<Result<ConversationId, Fault>> {
  const { store, identity, clock, random } = composer;
  const name = input.name.trim().normalize('NFC');
  if (name === '' || utf8(name).length > limits.name) return err({ code: 'bad-name', retry: 'person' });
  const { kind = 'private', maxMembers } = input;
  if (input.people.length === 0 && kind !== 'public') return err({ code: 'no-members', retry: 'person' });
  if ((input.expiresAt ?? Infinity) <= clock.now()) return err({ code: 'validation', retry: 'person' });
  const { expiresAt } = input;
  const made = kind === 'public' ? await newJoinLink(random, input.password) : ok(undefined);
  if (!made.ok) return made;
  const link = made.value;
  const kinds = {
    ...(kind === 'private' ? {} : { visibility: kind }),
    ...(link === undefined ? {} : { link }),
    ...(maxMembers === undefined ? {} : { maxMembers }),
    ...(input.isChannel === true ? { isChannel: true as const } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const groupId = newId<GroupId>(random);
  const id = groupId as string as ConversationId;
  return settle(
    store.tx('rw', groupTables, async () => {
      const people = await Promise.all([...new Set(input.people)].map((account) => personOf(composer, account)));
      const now = clock.now();
      await store.groups.add({
        groupId,
        name,
        ...kindOf(kinds),
        createdBy: identity.account,
        maxMembers: maxMembers ?? 100,
        isAnonymous: false,
        isActive: true,
        createdAt: now,
        updatedAt: now,
      });
      await ensureConversation(store, { id, groupId, title: name, ...lifetimeOf(kinds) }, now);
      // Said now, not when the relay has it: what is written meanwhile comes after it.
      await addNotice(composer, id, { what: 'created', by: identity.account });
      await queueIntent(composer, id, { what: 'create', kind: 'group', groupId, name, people, ...kinds });
      return id;
    }),
  );
}

/** Loaded when somebody makes a group that people come to by link. Refused: `bad-password`. */
async function newJoinLink(random: Composer['random'], password = ''): Promise<Result<JoinLink, Fault>> {
  const { createJoinLink } = await import('../crypto/mls/follow.ts');
  if (utf8(password).length > limits.joinPassword) return err({ code: 'bad-password', retry: 'person' });
  return createJoinLink(random, password);
}

/** The name card of somebody known. */
export async function personOf({ store }: Composer, account: AccountId): Promise<Person> {
  const user = await store.users.get(account);
  if (user?.nameSalt === undefined) return refuse({ code: 'not-found', retry: 'person' });
  return { account, name: user.displayName, salt: user.nameSalt };
}
