import { sha256 as hash } from '@noble/hashes/sha2.js';
import { concat, utf8, type Bytes } from '../../core/bytes.ts';
import { cborFromValue } from '../../protocol/wire.ts';
import { sha256 } from '../primitives.ts';
import type { TableTally } from './frames.ts';

/** Counts and hashes what goes by, table for table; writer and reader do the same. */
export interface Tallies {
  rows(table: string, count: number, frame: Uint8Array): void;
  gone(table: string, count: number, frame: Uint8Array): void;
  /** A row of the store that could not be read. Only the writer knows; the reader takes the manifest's word. */
  damaged(table: string): void;
  /** In the order in which the tables came. */
  all(): TableTally[];
}

export function createTallies(): Tallies {
  const tables = new Map<
    string,
    { count: number; gone: number; damaged: number; size: number; hash: ReturnType<typeof hash.create> }
  >();
  const of = (table: string) => {
    const known = tables.get(table) ?? { count: 0, gone: 0, damaged: 0, size: 0, hash: hash.create() };
    tables.set(table, known);
    return known;
  };
  const add = (table: string, frame: Uint8Array) => {
    const tally = of(table);
    tally.size += frame.length;
    tally.hash.update(frame);
    return tally;
  };
  return {
    rows: (table, count, frame) => void (add(table, frame).count += count),
    gone: (table, count, frame) => void (add(table, frame).gone += count),
    damaged: (table) => void of(table).damaged++,
    all: () =>
      [...tables].map(([table, { hash: soFar, ...numbers }]) => ({
        table,
        ...numbers,
        checksum: Uint8Array.from(soFar.clone().digest()),
      })),
  };
}

/** SHA-256 over the header and what it holds of every table: `"cairn/1 backup" ‖ 0 ‖ SHA-256(header) ‖ CBOR tallies`. */
export const integrityOf = (header: Uint8Array, tallies: readonly TableTally[]): Bytes =>
  sha256(concat(utf8('cairn/1 backup\0'), sha256(header), cborFromValue(tallies)));
