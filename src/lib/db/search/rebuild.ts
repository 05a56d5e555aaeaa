import type { ConversationId } from '../../core/ids.ts';
import { bytesFromValue, valueFromBytes } from '../cbor.ts';
import { countMessages } from '../messages/archive.ts';
import { pageOf } from '../messages/pages.ts';
import type { Store } from '../store.ts';
import { documentOf, type SearchDocument } from './documents.ts';
import { indexBatch } from './indexBatch.ts';
import { queuedForSearch } from './queue.ts';
import { liveSegments } from './segment.ts';

/** Goes up when words are folded or cut otherwise: the index is then made anew. */
const FORMAT = 1;
/** The row of `searchSegments` that is no segment. */
const PROGRESS = 'progress';
const PAGE = 512;
const PAGES_IN_STEP = 64;
/** UTF-16 units of text in one step, so that long messages do not fill the memory. */
const TEXT_IN_STEP = 4_000_000;

/** How far the walk through all messages is. Without `left` there is none: the queue says what is new. */
interface Progress {
  readonly format: number;
  /** Conversations yet to be gone through, the liveliest first. */
  readonly left: readonly ConversationId[];
  /** In the first of them: everything from this sort key on is done. */
  readonly before?: string;
  readonly seen: number;
  /** Messages there were when it began. */
  readonly total: number;
}

/** How much of the history can be found. */
export interface SearchCoverage {
  readonly indexed: number;
  readonly known: number;
}

/** Throws the index away and begins to make it anew, in one transaction. Only one at a time may. */
export async function startRebuild(store: Store): Promise<void> {
  const tables = ['searchSegments', 'searchQueue', 'conversations', 'messages', 'messagesArchive'] as const;
  await store.tx('rw', tables, async () => {
    const live = await store.searchSegments.where('state').equals('live').primaryKeys();
    const createdAt = store.clock.now();
    for (const segmentId of live) {
      await store.searchSegments.put({ segmentId, createdAt, state: 'retired', header: new Uint8Array() });
    }
    await store.searchQueue.clear();
    const left = await store.conversations.orderBy('lastActivity').reverse().primaryKeys();
    await save(store, { format: FORMAT, left, seen: 0, total: await countMessages(store) });
  });
}

/** Begins a rebuild where there never was an index, or only one of another format. */
export async function ensureIndex(store: Store): Promise<void> {
  if ((await progressOf(store))?.format !== FORMAT) await startRebuild(store);
}

/**
 * Takes some more of the history into the index, and notes in the same transaction how far it got.
 * @returns whether there was anything to do.
 */
export async function rebuildStep(store: Store): Promise<boolean> {
  const progress = await progressOf(store);
  const [conversationId, ...others] = progress?.left ?? [];
  if (progress === undefined || conversationId === undefined) return false;
  const documents: SearchDocument[] = [];
  let { before, seen } = progress;
  let isOver = false;
  let length = 0;
  for (let page = 0; page < PAGES_IN_STEP && length < TEXT_IN_STEP && !isOver; page++) {
    const { rows, hasOlder } = await pageOf(store, {
      conversationId,
      limit: PAGE,
      ...(before !== undefined && { before }),
    });
    for (const row of rows) {
      const document = documentOf(row);
      if (document === undefined) continue;
      documents.push(document);
      length += document.text.length;
    }
    seen += rows.length;
    before = rows[0]?.sortKey ?? before;
    isOver = !hasOlder;
  }
  const { format, total } = progress;
  const next: Progress =
    isOver || before === undefined
      ? { format, total, seen, left: others }
      : { format, total, seen, left: progress.left, before };
  await indexBatch(store, { documents, gone: [], queueIds: [] }, () => save(store, next));
  return true;
}

/** How many messages can be found, of how many. The two are equal when nothing waits. */
export async function searchCoverage(store: Store): Promise<SearchCoverage> {
  const progress = await progressOf(store);
  const segments = await liveSegments(store);
  const indexed = segments.reduce((sum, one) => sum + one.documents - one.gone - one.overruled, 0);
  const waiting = (await queuedForSearch(store)) + (await leftOf(store, progress));
  return { indexed: Math.max(0, indexed), known: Math.max(0, indexed) + waiting };
}

/** How many messages a rebuild has yet to look at. */
async function leftOf(store: Store, progress: Progress | undefined): Promise<number> {
  if (progress === undefined) return countMessages(store);
  return progress.left.length > 0 ? Math.max(1, progress.total - progress.seen) : 0;
}

async function progressOf(store: Store): Promise<Progress | undefined> {
  const row = await store.searchSegments.get(PROGRESS);
  return row === undefined ? undefined : (valueFromBytes(row.header) as Progress);
}

async function save(store: Store, progress: Progress): Promise<void> {
  const header = bytesFromValue(progress);
  await store.searchSegments.put({ segmentId: PROGRESS, createdAt: store.clock.now(), header });
}
