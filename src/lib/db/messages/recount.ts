import type { ConversationId } from '../../core/ids.ts';
import type { MessageCounterRow, Store } from '../store.ts';
import { LAST } from './archive.ts';
import { countersIn, deltasOf, noCounters } from './counters.ts';
import { findPreview } from './previews.ts';
import { recountUnread } from './readState.ts';
import { storedFromRows } from './satellites.ts';
import { scan } from './scan.ts';
import { sharedOf } from './shared.ts';
import { messageTables, type StoredMessage } from './whole.ts';

/** Messages read in one go. */
const BATCH = 1024;

/**
 * Makes preview, counters, unread count and the list of what was shared in a conversation anew from its
 * messages, in one transaction: for a store from before there were any, and for repair.
 */
export async function recount(store: Store, conversationId: ConversationId): Promise<void> {
  await store.tx('rw', messageTables, async () => {
    await store.messageCounters.where('conversationId').equals(conversationId).delete();
    await store.sharedFiles.where('conversationId').equals(conversationId).delete();
    const counters = await countersFrom(store, conversationId, async (messages) => {
      await store.sharedFiles.bulkPut(messages.flatMap(sharedOf));
    });
    await store.messageCounters.bulkPut(counters);
    await findPreview(store, conversationId);
    await recountUnread(store, conversationId, store.clock.now());
  });
}

/**
 * Whether the counters of a conversation say what its messages say. Where they seem not to, it counts once
 * more in one transaction, because messages come and go while it reads. What was forgotten while locked and
 * is yet to be counted anew is not wrong.
 */
export async function isCountRight(store: Store, conversationId: ConversationId): Promise<boolean> {
  const look = async (): Promise<boolean> => {
    if ((await store.messagePreviews.where('conversationId').equals(conversationId).count()) === 0) return true;
    const stored = await store.messageCounters.where('conversationId').equals(conversationId).toArray();
    const counted = await countersFrom(store, conversationId);
    const [have, want] = [stored, counted].map((rows) => rows.map(spelled).sort().join('\n'));
    return have === want;
  };
  return (await look()) || store.tx('r', messageTables, look);
}

async function countersFrom(
  store: Store,
  conversationId: ConversationId,
  visit: (messages: readonly StoredMessage[]) => Promise<void> = () => Promise.resolve(),
): Promise<MessageCounterRow[]> {
  const counters = noCounters();
  for (let after = ''; ;) {
    const found = await scan(store, { conversationId, after, before: LAST }, 'up', BATCH);
    const rows = found.filter(({ archived }) => archived === undefined).map(({ row }) => row);
    const messages = [...(await storedFromRows(store, rows)), ...found.flatMap(({ archived }) => archived ?? [])];
    deltasOf(
      conversationId,
      messages.map((message) => ({ after: message })),
      counters,
    );
    await visit(messages);
    const last = found.at(-1);
    if (found.length < BATCH || last === undefined) return countersIn(counters);
    after = last.row.sortKey;
  }
}

const spelled = ({ kind, name, count, bytes }: MessageCounterRow): string => `${kind} ${name} ${count} ${bytes}`;
