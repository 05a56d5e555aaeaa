import type { AccountId, ConversationId } from '../core/ids.ts';
import { settle } from '../core/result.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { profileChangedAt } from '../db/profiles.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { ConversationRow } from '../db/store.ts';
import { compose, composeTables, newMessageId, nextSortKey } from '../sync/compose.ts';
import type { Content } from '../sync/content.ts';
import type { Session } from '../sync/session.ts';
import { shownBy } from './profile.ts';

/** What a conversation was told last: which word on the own profile, and who was in it. */
interface Told {
  readonly at: string;
  readonly to: readonly AccountId[];
}

/**
 * Tells everybody in the own conversations how this person shows themselves: when that changes, and when somebody
 * comes who has not been told. Nobody is told anything before the person has chosen to show something.
 * @returns what ends it.
 */
export function keepProfileTold(session: Session): () => void {
  const { store, locks, logger } = session;
  let isOver = false;
  let isRunning = false;
  let isCalled = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (isCalled && !isOver) {
      isCalled = false;
      const told = await settle(() => locks.run('tell-profile', () => tellAll(session, () => isOver)));
      if (!told.ok && !isOver) logger.log('warn', 'profile-untold', { code: told.error.code });
    }
    isRunning = false;
  };
  const stop = store.live(
    () => untold(session),
    (ids) => {
      isCalled = ids.length > 0;
      if (isCalled && !isRunning && !isOver) void run();
    },
  );
  return () => {
    isOver = true;
    stop();
  };
}

async function tellAll(session: Session, isOver: () => boolean): Promise<void> {
  for (const id of await untold(session)) {
    if (isOver()) return;
    await tell(session, id);
  }
}

/** Conversations in which somebody has not heard the last word. */
async function untold(session: Session): Promise<readonly ConversationId[]> {
  const { store, identity } = session;
  const at = await profileChangedAt(store, identity.account);
  if (at === '') return [];
  const ids: ConversationId[] = [];
  for (const row of await store.conversations.toArray()) {
    const people = await peopleIn(session, row);
    if (people.length === 0) continue;
    const told = await getSetting<Told>(store, keyOf(row.id));
    if (told?.at !== at || people.some((one) => !told.to.includes(one))) ids.push(row.id);
  }
  return ids;
}

/** The others in a conversation that this device is in; nobody where they are not to be told anything. */
async function peopleIn({ store, identity }: Session, row: ConversationRow): Promise<readonly AccountId[]> {
  if (row.metadata?.['leaving'] === true || (await groupOfConversation(store, row.id)) === undefined) return [];
  if (row.contactId !== undefined) {
    return (await store.contacts.get(row.contactId))?.isBlocked === true ? [] : [row.contactId];
  }
  const { groupId } = row;
  // With oneself: the own devices.
  if (groupId === undefined) return [identity.account];
  const group = await store.groups.get(groupId);
  if (group?.isAnonymous === true) return [];
  const members = await store.groupMembers.where('groupId').equals(groupId).toArray();
  return members.map(({ memberId }) => memberId).filter((id) => id !== identity.account);
}

async function tell(session: Session, id: ConversationId): Promise<void> {
  const { store, identity, clock, random } = session;
  const tables = [...composeTables, 'users', 'profilePictures', 'conversations', 'contacts', 'groups', 'groupMembers'];
  await store.tx('rw', [...new Set(tables)] as Parameters<typeof store.tx>[1], async () => {
    const [row, shown] = [await store.conversations.get(id), await store.profilePictures.get(identity.account)];
    const people = row === undefined ? [] : await peopleIn(session, row);
    if (shown === undefined || people.length === 0) return;
    const said = shownBy(await store.users.get(identity.account), shown.picture);
    const content: Content = { k: 'profile', s: shown.changedAt, ...said };
    const { sortKey } = await nextSortKey(session);
    await compose(session, id, content, { id: newMessageId(random), sortKey, isMessage: false });
    await setSetting(store, keyOf(id), { at: shown.changedAt, to: people } satisfies Told, clock.now());
  });
}

const keyOf = (id: ConversationId): string => `profile-told/${id}`;
