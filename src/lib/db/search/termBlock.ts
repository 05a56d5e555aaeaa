import type { Bytes } from '../../core/bytes.ts';
import { createByteReader, createByteWriter } from './bytes.ts';

/** A block is closed when it has grown past this; a longer list goes on in the next. Bytes. */
const BLOCK = 8 * 1024;
/** Documents of one term in one entry at most, so that a block stays near its size. */
const IN_ENTRY = 4096;

/** Documents of a segment, by number, that hold a term; ascending, so newest first. */
export interface Posting {
  readonly term: string;
  readonly docs: Uint32Array;
}

/** The first entry of a block: what the segment's header keeps of it in memory. */
export interface BlockStart {
  readonly term: string;
  readonly doc: number;
}

export interface TermWriter {
  /** Terms in ascending order, each once. */
  add(posting: Posting): void;
  /** Blocks that are complete; with `isEnd` also the last. */
  take(isEnd: boolean): { start: BlockStart; bytes: Bytes }[];
}

/**
 * Writes terms in blocks. An entry is: bytes shared with the term before, rest of the term, number of
 * documents, bytes of their list, and the list: the first number, then the steps less one.
 */
export function createTermWriter(): TermWriter {
  const out = createByteWriter();
  const list = createByteWriter();
  const done: { start: BlockStart; bytes: Bytes }[] = [];
  let start: BlockStart | undefined;
  let last = '';
  const close = () => {
    if (start === undefined) return;
    done.push({ start, bytes: out.take() });
    start = undefined;
    last = '';
  };
  return {
    add({ term, docs }) {
      for (let from = 0; from < docs.length; from += IN_ENTRY) {
        const to = Math.min(from + IN_ENTRY, docs.length);
        const first = docs[from] ?? 0;
        list.number(first);
        for (let i = from + 1; i < to; i++) list.number((docs[i] ?? 0) - (docs[i - 1] ?? 0) - 1);
        start ??= { term, doc: first };
        const shared = sharedPrefix(last, term);
        out.number(shared);
        out.text(term.slice(shared));
        out.number(to - from);
        out.number(list.length);
        out.raw(list.take());
        last = term;
        if (out.length >= BLOCK) close();
      }
    },
    take(isEnd) {
      if (isEnd) close();
      return done.splice(0);
    },
  };
}

/** UTF-16 units in common, never half a surrogate pair. */
function sharedPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a.charCodeAt(n) === b.charCodeAt(n)) n++;
  const code = b.charCodeAt(n - 1);
  return n > 0 && code >= 0xd800 && code <= 0xdbff ? n - 1 : n;
}

/** An entry whose list is read when it is wanted. */
export interface LazyPosting {
  readonly term: string;
  readonly count: number;
  docs(): Uint32Array;
}

/** The entries of a block in order. A term may have several, one after the other. */
export function* readTerms(bytes: Uint8Array): Generator<LazyPosting, undefined> {
  const reader = createByteReader(bytes);
  let last = '';
  while (reader.at < reader.length) {
    const shared = reader.number();
    const term = last.slice(0, shared) + reader.text();
    const count = reader.number();
    const size = reader.number();
    const from = reader.at;
    yield { term, count, docs: () => readList(bytes, from, count) };
    reader.at = from + size;
    last = term;
  }
  return undefined;
}

function readList(bytes: Uint8Array, from: number, count: number): Uint32Array {
  const docs = new Uint32Array(count);
  let at = from;
  let doc = -1;
  for (let i = 0; i < count; i++) {
    let step = 0;
    let shift = 0;
    let byte = bytes[at++] ?? 0;
    while (byte > 0x7f) {
      step |= (byte & 0x7f) << shift;
      shift += 7;
      byte = bytes[at++] ?? 0;
    }
    doc += (step | (byte << shift)) + 1;
    docs[i] = doc;
  }
  return docs;
}
