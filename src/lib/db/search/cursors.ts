import type { Store } from '../store.ts';
import { readTermBlock, type Segment } from './segment.ts';
import { readTerms } from './termBlock.ts';

/** Goes through the documents of a segment that fit, by number: newest first. */
export interface DocCursor {
  /** Where it stands: `END` after the last. */
  readonly doc: number;
  /** Moves to the first document from `target` on; to wait for where a block has to be read. */
  seek(target: number): Promise<void> | undefined;
}

export const END = 0xffff_ffff;

/** Documents that hold this very term. Blocks of its list that are of no use are not read. */
export async function termCursor(store: Store, segment: Segment, term: string): Promise<DocCursor> {
  let list = ofList(new Uint32Array());
  const load = async (target: number): Promise<void> => {
    list = ofList((await listFrom(store, segment, term, target)) ?? new Uint32Array());
    void list.seek(target);
    cursor.doc = list.doc;
  };
  const cursor = {
    doc: 0,
    seek(target: number): Promise<void> | undefined {
      void list.seek(target);
      cursor.doc = list.doc;
      return cursor.doc < END || isOver ? undefined : load(target);
    },
  };
  let isOver = false;
  await load(0);
  isOver = cursor.doc >= END;
  return cursor;
}

/** The piece of a term's list that goes on to `target` at least; `undefined` where it ends before. */
async function listFrom(
  store: Store,
  segment: Segment,
  term: string,
  target: number,
): Promise<Uint32Array | undefined> {
  const first = blockFor(segment, term, target);
  for (let block = first; block < segment.termBlocks.length; block++) {
    if (block > first && segment.termBlocks[block]?.term !== term) return undefined;
    const pieces: Uint32Array[] = [];
    for (const entry of readTerms(await readTermBlock(store, segment, block))) {
      if (entry.term === term) pieces.push(entry.docs());
      else if (entry.term > term) break;
    }
    if ((pieces.at(-1)?.at(-1) ?? -1) >= target) return joined(pieces);
  }
  return undefined;
}

/**
 * Documents that hold any term that begins so. Lists within a block are joined at once; those that go on
 * over several are gone through like a term's own, without reading what lies between.
 */
export async function prefixCursor(store: Store, segment: Segment, prefix: string): Promise<DocCursor> {
  const blocks = segment.termBlocks;
  const short: Uint32Array[] = [];
  const long = new Set<string>();
  for (let block = blockFor(segment, prefix, 0); block < blocks.length; block++) {
    const first = blocks[block]?.term ?? '';
    const next = blocks[block + 1]?.term;
    if (first > prefix && !first.startsWith(prefix)) break;
    if (next === first && long.has(first)) continue;
    for (const entry of readTerms(await readTermBlock(store, segment, block))) {
      if (!entry.term.startsWith(prefix) || long.has(entry.term)) continue;
      if (entry.term === next) long.add(entry.term);
      else short.push(entry.docs());
    }
  }
  const cursors = [ofList(joined(short))];
  for (const term of long) cursors.push(await termCursor(store, segment, term));
  return anyOf(cursors);
}

/** Documents of which one of the cursors thinks so. */
export function anyOf(cursors: readonly DocCursor[]): DocCursor {
  const least = () => cursors.reduce((doc, cursor) => Math.min(doc, cursor.doc), END);
  return {
    get doc() {
      return least();
    },
    seek(target) {
      const waits = cursors.flatMap((cursor) => (cursor.doc < target ? (cursor.seek(target) ?? []) : []));
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
    },
  };
}

/** Documents in blocks that may hold one of this time; to be asked itself whether it does. */
export function timeCursor(
  { documentBlocks, documents }: Segment,
  blockSize: number,
  from: number,
  to: number,
): DocCursor {
  const seek = (target: number): undefined => {
    let block = Math.floor(target / blockSize);
    for (cursor.doc = target; cursor.doc < documents; cursor.doc = ++block * blockSize) {
      const facts = documentBlocks[block];
      if (facts !== undefined && facts.lastTime >= from && facts.firstTime <= to) return;
    }
    cursor.doc = END;
  };
  const cursor = { doc: 0, seek };
  seek(0);
  return cursor;
}

/** The next document from `from` on at which all cursors stand; `END` where there is none. */
export async function nextOfAll(cursors: readonly DocCursor[], from: number): Promise<number> {
  let target = from;
  for (;;) {
    let highest = target;
    for (const cursor of cursors) {
      if (cursor.doc < highest) {
        const wait = cursor.seek(highest);
        if (wait !== undefined) await wait;
      }
      highest = Math.max(highest, cursor.doc);
    }
    if (highest === target || highest >= END) return highest;
    target = highest;
  }
}

/** The last block whose first entry is not behind this term and document. */
function blockFor({ termBlocks }: Segment, term: string, doc: number): number {
  let [low, high] = [0, termBlocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const start = termBlocks[middle];
    if (start !== undefined && (start.term < term || (start.term === term && start.doc <= doc))) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function ofList(list: Uint32Array): DocCursor {
  let at = 0;
  const cursor = {
    doc: list[0] ?? END,
    seek(target: number): undefined {
      at = firstFrom(list, at, target);
      cursor.doc = list[at] ?? END;
    },
  };
  return cursor;
}

/** Index of the first number from `at` on that is not below `target`: ever longer steps, then halves. */
function firstFrom(list: Uint32Array, at: number, target: number): number {
  let step = 1;
  while (at + step < list.length && (list[at + step] ?? END) < target) step *= 2;
  let [low, high] = [at, Math.min(at + step, list.length)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? END) < target) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all.sort();
}
