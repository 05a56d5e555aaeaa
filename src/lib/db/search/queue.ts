import { newId, type ConversationId } from '../../core/ids.ts';
import type { SearchQueueRow, Store, TableName } from '../store.ts';

/** What a transaction needs that queues for the index. */
export const searchQueueTables: readonly TableName[] = ['searchQueue'];

/** Where a message stands. */
export interface Place {
  readonly conversationId: ConversationId;
  readonly sortKey: string;
}

/** Places in one row of the queue at most, so that an import costs few rows. */
const IN_ROW = 64;

/**
 * Tells the index that messages at these places were added, changed or deleted, inside the caller's
 * transaction. Telling it too often is harmless: it looks at what is there.
 */
export async function queueForSearch(store: Store, places: readonly Place[]): Promise<void> {
  const byConversation = new Map<ConversationId, string[]>();
  for (const { conversationId, sortKey } of places) {
    const keys = byConversation.get(conversationId);
    if (keys === undefined) byConversation.set(conversationId, [sortKey]);
    else keys.push(sortKey);
  }
  const rows: SearchQueueRow[] = [];
  for (const [conversationId, keys] of byConversation) {
    for (let i = 0; i < keys.length; i += IN_ROW) {
      const [sortKey = '', ...more] = keys.slice(i, i + IN_ROW);
      const id = newId<string>(store.random);
      rows.push({ id, conversationId, sortKey, places: 1 + more.length, ...(more.length > 0 && { more }) });
    }
  }
  if (rows.length > 0) await store.searchQueue.bulkAdd(rows);
}

/** Tells the index that `places` messages were added from one sort key to another, both inside, and nothing else is there. */
export async function queueSpanForSearch(
  store: Store,
  conversationId: ConversationId,
  { from, to, places }: { readonly from: string; readonly to: string; readonly places: number },
): Promise<void> {
  await store.searchQueue.add({ id: newId<string>(store.random), conversationId, sortKey: to, from, places });
}

/** How many places wait for the index. Reads no row. */
export async function queuedForSearch(store: Store): Promise<number> {
  const places = (await store.searchQueue.orderBy('places').keys()) as unknown as number[];
  return places.reduce((sum, count) => sum + count, 0);
}
