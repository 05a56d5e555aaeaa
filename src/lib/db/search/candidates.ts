import { faultOf } from '../../core/result.ts';
import type { Store } from '../store.ts';
import { anyOf, END, nextOfAll, prefixCursor, termCursor, timeCursor, type DocCursor } from './cursors.ts';
import { DOCUMENTS_IN_BLOCK } from './documentBlock.ts';
import { compareNewestFirst } from './documents.ts';
import type { Place } from './queue.ts';
import { documentBlockFor, liveSegments, readDocumentsAt, type Segment } from './segment.ts';

/** What a document must have to be looked at. */
export interface IndexQuery {
  /** All of these; of each, any of its terms. */
  readonly terms: readonly (readonly { readonly term: string; readonly isPrefix: boolean }[])[];
  /** Milliseconds since the epoch, both counted. */
  readonly from?: number;
  readonly to?: number;
}

const FIRST_BATCH = 16;
const MOST_TRIES = 5;

/**
 * Places that the index has for a query, newest first, after `after`, at most `limit`. A place may be out
 * of date: whoever shows it looks at the message first.
 */
export async function candidates(
  store: Store,
  query: IndexQuery,
  after: Place | undefined,
  limit: number,
): Promise<Place[]> {
  // Not one transaction: those end between so many steps in memory. A merge may take a segment away meanwhile.
  for (let tries = 0; ; tries++) {
    try {
      return await newestOf(await liveSegments(store), store, query, after, limit);
    } catch (thrown) {
      if (faultOf(thrown)?.code !== 'not-found' || tries === MOST_TRIES) throw thrown;
    }
  }
}

async function newestOf(
  segments: readonly Segment[],
  store: Store,
  query: IndexQuery,
  after: Place | undefined,
  limit: number,
): Promise<Place[]> {
  let streams = segments.map((segment): Stream => ({
    newest: segment.documentBlocks[0]?.sortKey ?? '',
    head: undefined,
    isOver: false,
    rest: documentsIn(store, segment, query, after, limit),
  }));
  const found: Place[] = [];
  let isRare = false;
  while (found.length < limit && streams.length > 0) {
    const stream = streams.reduce((a, b) => (isNext(b, a) ? b : a));
    if (stream.head === undefined) {
      // Once a segment has no more, it takes the others too: they are asked together, not one by one.
      await Promise.all((isRare ? streams.filter(({ head }) => head === undefined) : [stream]).map(advance));
      const left = streams.filter(({ isOver }) => !isOver);
      isRare ||= left.length < streams.length;
      streams = left;
      continue;
    }
    const last = found.at(-1);
    // One place may stand in several segments.
    if (last === undefined || compareNewestFirst(last, stream.head) !== 0) found.push(stream.head);
    stream.head = undefined;
  }
  return found;
}

/** What one segment finds. */
interface Stream {
  /** Nothing newer is to come. */
  newest: string;
  /** The next, once it was asked for: a segment is not read before everything newer elsewhere is known. */
  head: Place | undefined;
  isOver: boolean;
  readonly rest: AsyncGenerator<Place>;
}

async function advance(stream: Stream): Promise<void> {
  const next = await stream.rest.next();
  if (next.done === true) stream.isOver = true;
  else [stream.head, stream.newest] = [next.value, next.value.sortKey];
}

/** Whether `a` goes before `b`: what might be as new is looked at before the other is taken. */
function isNext(a: Stream, b: Stream): boolean {
  if (a.newest !== b.newest) return a.newest > b.newest;
  if (a.head === undefined || b.head === undefined) return a.head === undefined;
  return compareNewestFirst(a.head, b.head) < 0;
}

async function* documentsIn(
  store: Store,
  segment: Segment,
  query: IndexQuery,
  after: Place | undefined,
  limit: number,
): AsyncGenerator<Place> {
  if (after !== undefined && segment.oldest > after.sortKey) return;
  const { from = -Infinity, to = Infinity } = query;
  const opened = await Promise.all(
    query.terms.map(async (choice) =>
      anyOf(
        await Promise.all(
          choice.map(({ term, isPrefix }) => (isPrefix ? prefixCursor : termCursor)(store, segment, term)),
        ),
      ),
    ),
  );
  const cursors: DocCursor[] = [timeCursor(segment, DOCUMENTS_IN_BLOCK, from, to), ...opened];
  let doc = after === undefined ? 0 : documentBlockFor(segment, after.sortKey) * DOCUMENTS_IN_BLOCK;
  // A few at first: where segments overlap, most of what one finds is not for this page.
  for (let batch = FIRST_BATCH; doc < END; batch = limit) {
    const docs: number[] = [];
    while (docs.length < batch && (doc = await nextOfAll(cursors, doc)) < END) docs.push(doc++);
    for (const entry of await readDocumentsAt(store, segment, docs)) {
      const { conversationId, sortKey, timestamp, fingerprint } = entry;
      if (fingerprint === undefined || timestamp < from || timestamp > to) continue;
      if (after === undefined || compareNewestFirst(after, entry) < 0) yield { conversationId, sortKey };
    }
  }
}
