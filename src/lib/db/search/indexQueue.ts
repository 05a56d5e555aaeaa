import { messagesAt } from '../messages/find.ts';
import { rowsOf, scan } from '../messages/scan.ts';
import type { MessageRow, SearchQueueRow, Store } from '../store.ts';
import { documentOf, type SearchDocument } from './documents.ts';
import { indexBatch } from './indexBatch.ts';
import type { Place } from './queue.ts';

/** Rows of the queue, and places in them, that one step looks at. */
const MOST_ROWS = 512;
const MOST_PLACES = 4096;

/**
 * Looks at what is queued, the newest first, and takes it into the index. Only one at a time may.
 * @returns whether there was anything.
 */
export async function indexQueue(store: Store): Promise<boolean> {
  const rows = await store.searchQueue.orderBy('sortKey').reverse().limit(MOST_ROWS).toArray();
  const places: Place[] = [];
  const spans: SearchQueueRow[] = [];
  const queueIds: string[] = [];
  let taken = 0;
  for (const row of rows) {
    if (taken >= MOST_PLACES) break;
    taken += row.places;
    queueIds.push(row.id);
    const { conversationId, sortKey, more = [] } = row;
    if (row.from !== undefined) spans.push(row);
    for (const key of [row.from ?? sortKey, ...more]) places.push({ conversationId, sortKey: key });
  }
  if (queueIds.length === 0) return false;
  const { documents, gone } = batchOf(places, await messagesAt(store, places));
  for (const span of spans) documents.push(...(await documentsOf(store, span)));
  await indexBatch(store, { documents, gone, queueIds });
  return true;
}

/** All that is to be found in a span, but for its first place. */
async function documentsOf(
  store: Store,
  { conversationId, from = '', sortKey }: SearchQueueRow,
): Promise<SearchDocument[]> {
  const found = await scan(store, { conversationId, after: from, before: `${sortKey}\0` }, 'up', Infinity);
  return (await rowsOf(store, found)).flatMap((row) => documentOf(row) ?? []);
}

/** What is to be found at each place, and where nothing is. */
function batchOf(places: readonly Place[], rows: readonly (MessageRow | undefined)[]) {
  const documents: SearchDocument[] = [];
  const gone: Place[] = [];
  places.forEach((place, i) => {
    const row = rows[i];
    const document = row === undefined ? undefined : documentOf(row);
    if (document === undefined) gone.push(place);
    else documents.push(document);
  });
  return { documents, gone };
}
