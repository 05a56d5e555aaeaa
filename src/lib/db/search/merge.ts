import { newId } from '../../core/ids.ts';
import type { SearchBlockRow, Store } from '../store.ts';
import { compareNewestFirst, filterTerms, type DocumentEntry } from './documents.ts';
import { bytesFromHeader, readDocumentBlocks, readTermBlocks, type Segment } from './segment.ts';
import { createSegmentWriter, type SegmentWriter } from './segmentWriter.ts';
import { readTerms, type LazyPosting } from './termBlock.ts';

const DROPPED = 0xffff_ffff;
/** Blocks written in one transaction, between two pauses. */
const WRITE_BLOCKS = 128;
/** Blocks read at once from each segment. */
const READ_BLOCKS = 16;

export interface MergeOptions {
  /** Whether these are all segments there are: then nothing older is left to overrule. */
  readonly isWhole: boolean;
  /** Conversations that are no more. */
  readonly isForeign: (conversationId: string) => boolean;
  /** Lets others have their turn; throws to give up. What was written so far is swept later. */
  readonly pause: () => Promise<void>;
}

/**
 * Makes one segment of several neighbours, oldest first, and puts it in their place in one transaction.
 * Of documents for one place only the newest is kept. Streams: memory holds a block of each, four bytes for
 * each document, and the longest list.
 */
export async function mergeSegments(
  store: Store,
  segments: readonly Segment[],
  { isWhole, isForeign, pause }: MergeOptions,
): Promise<void> {
  const segmentId = newId<string>(store.random);
  const createdAt = store.clock.now();
  await store.searchSegments.add({ segmentId, createdAt, state: 'building', header: new Uint8Array() });
  const writer = createSegmentWriter(segmentId);
  const { flush, end } = createFlush(store, writer, pause);

  const numbers = await mergeDocuments(store, segments, writer, { isWhole, isForeign }, flush);
  await mergeTerms(store, segments, numbers, writer, flush, isForeign);

  const oldestRule = segments.filter(({ overruled }) => overruled > 0).map(({ overrulesSince }) => overrulesSince);
  const { header, blocks } = writer.finish({
    sequence: segments.at(-1)?.sequence ?? 1,
    overruled: isWhole ? 0 : segments.reduce((sum, one) => sum + one.overruled, 0),
    overrulesSince: isWhole || oldestRule.length === 0 ? 0 : Math.min(...oldestRule),
  });
  await end(blocks);
  await store.tx('rw', ['searchSegments', 'searchBlocks'], async () => {
    if (header.documents === 0) await store.searchSegments.delete(segmentId);
    else await store.searchSegments.put({ segmentId, createdAt, state: 'live', header: bytesFromHeader(header) });
    for (const { id } of segments) {
      await store.searchSegments.put({ segmentId: id, createdAt, state: 'retired', header: new Uint8Array() });
    }
  });
}

/**
 * Takes away what a merge replaced or a crash left unfinished, a few blocks at a time. Nothing looks at
 * it any more. Only for whoever may write the index.
 */
export async function sweepSegments(store: Store, pause: () => Promise<void>): Promise<void> {
  const dead = await store.searchSegments.where('state').anyOf('building', 'retired').primaryKeys();
  for (const id of dead) {
    for (;;) {
      const range = store.searchBlocks.where('[segmentId+block]').between([id, 0], [id, Infinity]);
      const keys = await range.limit(256).primaryKeys();
      if (keys.length === 0) break;
      await store.searchBlocks.bulkDelete(keys);
      await pause();
    }
    await store.searchSegments.delete(id);
  }
}

/** Writes what is ready where that is worth it; `undefined` where nothing is to wait for. */
type Flush = () => Promise<void> | undefined;

function createFlush(store: Store, writer: SegmentWriter, pause: () => Promise<void>) {
  // One write is under way while the next blocks are made.
  let writing: PromiseLike<unknown> = Promise.resolve();
  const write = async (blocks: readonly SearchBlockRow[]) => {
    await writing;
    writing = store.searchBlocks.bulkAdd(blocks);
    // Whoever waits for it next hears of a failure.
    writing.then(undefined, () => undefined);
    await pause();
  };
  const flush: Flush = () => (writer.ready < WRITE_BLOCKS ? undefined : write(writer.take()));
  const end = async (blocks: readonly SearchBlockRow[]) => {
    await write(blocks);
    await writing;
  };
  return { flush, end };
}

/** @returns for each segment the new number of each of its documents, or {@link DROPPED}. */
async function mergeDocuments(
  store: Store,
  segments: readonly Segment[],
  writer: SegmentWriter,
  { isWhole, isForeign }: Pick<MergeOptions, 'isWhole' | 'isForeign'>,
  flush: Flush,
): Promise<Uint32Array[]> {
  const numbers = segments.map(({ documents }) => new Uint32Array(documents).fill(DROPPED));
  const streams = await Promise.all(segments.map((segment) => openDocuments(store, segment)));
  let next = 0;
  for (;;) {
    // Of equal places the last stream is the newest segment's: it wins, the others are passed over.
    let best: DocumentEntry | undefined;
    for (const { current } of streams) {
      if (current !== undefined && (best === undefined || compareNewestFirst(current, best) <= 0)) best = current;
    }
    if (best === undefined) return numbers;
    const isKept = !isForeign(best.conversationId) && !(isWhole && best.fingerprint === undefined);
    for (const [i, stream] of streams.entries()) {
      const { current, number } = stream;
      if (current === undefined || compareNewestFirst(current, best) !== 0) continue;
      const target = numbers[i];
      if (current === best && isKept && target !== undefined) target[number] = next;
      const wait = stream.advance();
      if (wait !== undefined) await wait;
    }
    if (!isKept) continue;
    writer.document(best);
    next++;
    const wait = flush();
    if (wait !== undefined) await wait;
  }
}

async function openDocuments(store: Store, segment: Segment) {
  const next = readAhead((from) => readDocumentBlocks(store, segment, from, READ_BLOCKS));
  let entries: DocumentEntry[] = [];
  let at = 0;
  const load = async () => {
    entries = await next();
    at = 0;
    stream.current = entries[0];
  };
  const stream = {
    current: undefined as DocumentEntry | undefined,
    number: 0,
    /** Moves on; to wait for where a block has to be read. */
    advance(): Promise<void> | undefined {
      stream.number++;
      stream.current = entries[++at];
      return stream.current === undefined ? load() : undefined;
    },
  };
  await load();
  return stream;
}

async function mergeTerms(
  store: Store,
  segments: readonly Segment[],
  numbers: readonly Uint32Array[],
  writer: SegmentWriter,
  flush: Flush,
  isForeign: (conversationId: string) => boolean,
): Promise<void> {
  const streams = await Promise.all(segments.map((segment) => openTerms(store, segment)));
  const conversationTerm = filterTerms.conversation('' as never);
  for (;;) {
    let term: string | undefined;
    for (const { current } of streams) {
      if (current !== undefined && (term === undefined || current.term < term)) term = current.term;
    }
    if (term === undefined) return;
    const lists: Uint32Array[] = [];
    for (const [i, stream] of streams.entries()) {
      while (stream.current?.term === term) {
        const kept = renumbered(stream.current.docs(), numbers[i]);
        if (kept.length > 0) lists.push(kept);
        const wait = stream.advance();
        if (wait !== undefined) await wait;
      }
    }
    if (lists.length === 0 || (term.startsWith(conversationTerm) && isForeign(term.slice(1)))) continue;
    writer.posting({ term, docs: joined(lists) });
    const wait = flush();
    if (wait !== undefined) await wait;
  }
}

async function openTerms(store: Store, segment: Segment) {
  let entries: Iterator<LazyPosting, undefined> = none();
  const next = readAhead((from) => readTermBlocks(store, segment, from, READ_BLOCKS));
  let blocks: Uint8Array[] = [];
  const load = async () => {
    blocks = await next();
    open();
  };
  const open = () => {
    const bytes = blocks.shift();
    entries = bytes === undefined ? none() : readTerms(bytes);
    stream.current = entries.next().value;
  };
  const stream = {
    current: undefined as LazyPosting | undefined,
    advance(): Promise<void> | undefined {
      stream.current = entries.next().value;
      if (stream.current !== undefined) return undefined;
      if (blocks.length === 0) return load();
      open();
      return undefined;
    },
  };
  await load();
  return stream;
}

/** Reads run after run of blocks, always one run ahead of whoever works on them. */
function readAhead<T>(read: (from: number) => Promise<T[]>): () => Promise<T[]> {
  let from = 0;
  const begin = () => {
    const reading = read(from);
    from += READ_BLOCKS;
    // Whoever waits for it hears of a failure.
    reading.catch(() => undefined);
    return reading;
  };
  let ahead = begin();
  return async () => {
    const blocks = await ahead;
    ahead = begin();
    return blocks;
  };
}

function* none(): Generator<LazyPosting, undefined> {}

function renumbered(docs: Uint32Array, numbers: Uint32Array | undefined): Uint32Array {
  let kept = 0;
  if (numbers === undefined) return docs.subarray(0, 0);
  for (let i = 0; i < docs.length; i++) {
    const number = numbers[docs[i] ?? 0] ?? DROPPED;
    if (number !== DROPPED) docs[kept++] = number;
  }
  return docs.subarray(0, kept);
}

/** One ascending list of several ascending ones; sorted only where they overlap. */
function joined(lists: readonly Uint32Array[]): Uint32Array {
  const [first] = lists;
  if (lists.length === 1 && first !== undefined) return first;
  const inOrder = [...lists].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const all = new Uint32Array(inOrder.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  let overlap = false;
  for (const list of inOrder) {
    overlap ||= at > 0 && (all[at - 1] ?? 0) > (list[0] ?? 0);
    all.set(list, at);
    at += list.length;
  }
  return overlap ? all.sort() : all;
}
