import { eraseExpired } from './messages/remove.ts';
import { isWaiting } from './messages/settled.ts';
import { messageTables } from './messages/whole.ts';
import type { Store, TableName } from './store.ts';

/** Messages and conversations that go by themselves. All of it works while locked: the times are in clear. */

/** Rows in one transaction, so that nobody else waits long for it. */
const SLICE = 200;

/** Tables of one slice; what hangs on a conversation or message goes with it. */
const expiryTables: readonly TableName[] = [...messageTables, 'groups', 'offlineOperations'];

/**
 * Deletes every message and temporary conversation whose time has passed, with all that hangs on them and
 * what still waits in their outbox. Counts of unread messages follow.
 * @returns how many messages and conversations went.
 */
export async function wipeExpired(store: Store, now: number): Promise<number> {
  let gone = 0;
  for (;;) {
    const slice = await store.tx('rw', expiryTables, async () => {
      const conversations = await wipeConversations(store, now);
      if (conversations > 0) return conversations;
      await dropWaiting(store, now);
      return eraseExpired(store, now, SLICE);
    });
    if (slice === 0) return gone;
    gone += slice;
  }
}

/** When the next one goes: milliseconds since the epoch, `undefined` where nothing does. */
export async function nextExpiry(store: Store): Promise<number | undefined> {
  const first = await Promise.all([
    store.messages.orderBy('expiresAt').limit(1).keys(),
    store.conversations.orderBy('expiresAt').limit(1).keys(),
  ]);
  const times = first.flat().filter((key) => typeof key === 'number');
  return times.length === 0 ? undefined : Math.min(...times);
}

/** A message whose time is over before it was sent is not sent any more. */
async function dropWaiting(store: Store, now: number): Promise<void> {
  const rows = await store.messages.where('expiresAt').belowOrEqual(now).limit(SLICE).toArray();
  const waiting = rows.filter(({ status }) => isWaiting(status)).map(({ id }) => id);
  if (waiting.length > 0) await store.offlineOperations.where('messageId').anyOf(waiting).delete();
}

async function wipeConversations(store: Store, now: number): Promise<number> {
  const ids = await store.conversations.where('expiresAt').belowOrEqual(now).limit(SLICE).primaryKeys();
  for (const id of ids) {
    await store.offlineOperations.where('lane').equals(id).delete();
    const conversation = await store.conversations.get(id);
    await store.conversations.delete(id);
    if (conversation?.groupId !== undefined) await store.groups.delete(conversation.groupId);
  }
  return ids.length;
}
