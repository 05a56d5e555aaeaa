import { encode, rfc8949EncodeOptions } from 'cborg';
import { concat } from '../core/bytes.ts';
import type { FormerSealing, KeyPath } from './declare.ts';
import { valueAt } from './relations.ts';
import type { AnyRow } from './validation.ts';

/**
 * What a sealed value is bound to: deterministic CBOR of [table, primary key, names of the sealed columns,
 * sealing version] (protocol.md §6). Only the key differs from row to row, so the rest is encoded once, and a
 * key of plain texts, as nearly all are, is written without the encoder: a page has fifty of them.
 */
export function createBinding(
  table: string,
  key: KeyPath,
  { sealed, sealing }: FormerSealing,
): (row: AnyRow) => Uint8Array {
  const whole = encode([table, 0, sealed, sealing], rfc8949EncodeOptions);
  const end = 1 + encode(table, rfc8949EncodeOptions).length;
  const [before, after] = [whole.subarray(0, end), whole.subarray(end + 1)];
  return (row) => {
    const id = valueAt(row, key);
    const length = writeKey(id);
    const encoded = length > 0 ? scratch.subarray(0, length) : encode(id, rfc8949EncodeOptions);
    return concat(before, encoded, after);
  };
}

const scratch = new Uint8Array(512);

/** Writes a text, or a list of a few, where all is ASCII and short. @returns how many bytes; 0 leaves it to the encoder. */
function writeKey(id: unknown): number {
  if (typeof id === 'string') return writeText(id, 0);
  if (!Array.isArray(id) || id.length > 4) return 0;
  scratch[0] = LIST | id.length;
  let at = 1;
  for (const part of id as readonly unknown[]) {
    at = typeof part === 'string' ? writeText(part, at) : 0;
    if (at === 0) return 0;
  }
  return at;
}

/** Major types of CBOR (RFC 8949 §3.1). */
const TEXT = 3 << 5;
const LIST = 4 << 5;
const LONGEST = 120;

/** @returns where the text ends, 0 where it is not ASCII or too long. */
function writeText(text: string, from: number): number {
  if (text.length > LONGEST) return 0;
  let at = from;
  if (text.length < 24) scratch[at++] = TEXT | text.length;
  else {
    scratch[at++] = TEXT | 24;
    scratch[at++] = text.length;
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return 0;
    scratch[at++] = code;
  }
  return at;
}
