import type { Bytes } from '../../core/bytes.ts';
import { bytesFromValue, valueFromBytes } from '../cbor.ts';
import { refuseStorage } from '../faults.ts';
import type { Store } from '../store.ts';
import { DOCUMENTS_IN_BLOCK, readDocuments } from './documentBlock.ts';
import type { DocumentEntry } from './documents.ts';
import { throughMemory } from './openBlocks.ts';
import type { BlockStart } from './termBlock.ts';

/** What is in a block of documents, without opening it. */
export interface DocumentBlockFacts {
  /** Of the newest in it. */
  readonly sortKey: string;
  readonly firstTime: number;
  readonly lastTime: number;
}

/** What memory holds of a segment while it is searched: where to look for what. */
export interface SegmentHeader {
  /** Of two segments that know a place the one with the higher number is right. */
  readonly sequence: number;
  readonly documents: number;
  /** How many of them say only that nothing is there any more. */
  readonly gone: number;
  /** How many documents of older segments this one overrules, and since when: their terms are still on disk. */
  readonly overruled: number;
  readonly overrulesSince: number;
  /** Sort key of the oldest document. */
  readonly oldest: string;
  readonly conversations: readonly string[];
  readonly devices: readonly string[];
  /** Blocks of documents are numbered from 0, those of terms go on after them. */
  readonly documentBlocks: readonly DocumentBlockFacts[];
  readonly termBlocks: readonly BlockStart[];
}

export interface Segment extends SegmentHeader {
  readonly id: string;
}

export const bytesFromHeader = ({ documentBlocks, termBlocks, ...facts }: SegmentHeader): Bytes =>
  bytesFromValue({
    ...facts,
    sortKeys: documentBlocks.map(({ sortKey }) => sortKey),
    times: documentBlocks.flatMap(({ firstTime, lastTime }) => [firstTime, lastTime]),
    terms: termBlocks.map(({ term }) => term),
    docs: termBlocks.map(({ doc }) => doc),
  });

type WrittenHeader = Omit<SegmentHeader, 'documentBlocks' | 'termBlocks'> & {
  sortKeys: string[];
  times: number[];
  terms: string[];
  docs: number[];
};

function headerFromBytes(bytes: Uint8Array): SegmentHeader {
  const { sortKeys, times, terms, docs, ...facts } = valueFromBytes(bytes) as WrittenHeader;
  return {
    ...facts,
    documentBlocks: sortKeys.map((sortKey, i) => ({
      sortKey,
      firstTime: times[2 * i] ?? 0,
      lastTime: times[2 * i + 1] ?? 0,
    })),
    termBlocks: terms.map((term, i) => ({ term, doc: docs[i] ?? 0 })),
  };
}

/** Headers never change once a segment is live; this memory goes with the worker that holds the keys. */
const known = new WeakMap<Store, Map<string, Segment>>();

/** The segments that make up the index, oldest first. */
export async function liveSegments(store: Store): Promise<Segment[]> {
  const ids = await store.searchSegments.where('state').equals('live').primaryKeys();
  const before = known.get(store);
  const missing = ids.filter((id) => before?.has(id) !== true);
  const rows = missing.length === 0 ? [] : await store.searchSegments.bulkGet(missing);
  const now = new Map<string, Segment>();
  for (const row of rows) {
    if (row !== undefined) now.set(row.segmentId, { ...headerFromBytes(row.header), id: row.segmentId });
  }
  for (const id of ids) {
    const segment = before?.get(id);
    if (segment !== undefined) now.set(id, segment);
  }
  known.set(store, now);
  return [...now.values()].sort((a, b) => a.sequence - b.sequence);
}

/** Blocks of a segment in the order asked for. Refused: `not-found` when a merge has replaced it meanwhile. */
async function readBlocks(store: Store, segment: Segment, blocks: readonly number[]): Promise<Uint8Array[]> {
  const rows = await store.searchBlocks.bulkGet(blocks.map((block): [string, number] => [segment.id, block]));
  return rows.map((row) => row?.postings ?? refuseStorage('not-found', { entity: 'searchBlocks' }));
}

/** Documents of a segment by their numbers, which ascend. */
export async function readDocumentsAt(
  store: Store,
  segment: Segment,
  numbers: readonly number[],
): Promise<DocumentEntry[]> {
  const wanted = new Map<number, number[]>();
  for (const number of numbers) {
    const block = Math.floor(number / DOCUMENTS_IN_BLOCK);
    const within = wanted.get(block) ?? [];
    within.push(number % DOCUMENTS_IN_BLOCK);
    wanted.set(block, within);
  }
  const found = await keptBlocks(store, segment, [...wanted.keys()]);
  return [...wanted.values()].flatMap((within, i) =>
    readDocuments(found[i] ?? new Uint8Array(), segment.conversations, segment.devices, within),
  );
}

/** All documents of a run of blocks. */
export async function readDocumentBlocks(
  store: Store,
  segment: Segment,
  from: number,
  count: number,
): Promise<DocumentEntry[]> {
  const blocks = range(from, Math.min(from + count, segment.documentBlocks.length));
  const found = await readBlocks(store, segment, blocks);
  return found.flatMap((bytes) => readDocuments(bytes, segment.conversations, segment.devices));
}

/** A block of terms, for a query. */
export async function readTermBlock(store: Store, segment: Segment, block: number): Promise<Uint8Array> {
  const [bytes] = await keptBlocks(store, segment, [segment.documentBlocks.length + block]);
  return bytes ?? refuseStorage('not-found', { entity: 'searchBlocks' });
}

const keptBlocks = (store: Store, segment: Segment, blocks: readonly number[]): Promise<Uint8Array[]> =>
  throughMemory(store, segment.id, blocks, (missing) => readBlocks(store, segment, missing));

/** A run of blocks of terms. */
export function readTermBlocks(store: Store, segment: Segment, from: number, count: number): Promise<Uint8Array[]> {
  const { documentBlocks, termBlocks } = segment;
  const to = Math.min(from + count, termBlocks.length);
  return readBlocks(store, segment, range(documentBlocks.length + from, documentBlocks.length + to));
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** The block of documents that holds `sortKey`, if any does: the last that begins before it or with it. */
export function documentBlockFor({ documentBlocks }: SegmentHeader, sortKey: string): number {
  let [low, high] = [0, documentBlocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((documentBlocks[middle]?.sortKey ?? '') > sortKey) low = middle + 1;
    else high = middle;
  }
  // Two places may share a sort key: begin before the first block that starts with it.
  return Math.max(0, low - 1);
}
