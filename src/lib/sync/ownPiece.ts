import * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import type { Result } from '../core/result.ts';
import type { OwnField } from '../domain/ownState.ts';
import type { WireFault } from '../protocol/errors.ts';
import { natural, textUpTo } from '../protocol/fields.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';

/** What a person keeps for themselves, as it stands in the records of their own devices: fields of `domain/ownState`. */

/** A field of a subject. */
export interface OwnEntry {
  readonly subject: string;
  readonly name: string;
  readonly field: OwnField;
}

/** Bytes of one text. What is longer stays on its device. */
export const LONGEST_TEXT = 64 * 1024;
/** Bytes of one piece, unless a single field is longer. */
const PIECE = 128 * 1024;
/** Bytes of the longest piece that is read. */
const LONGEST = 512 * 1024;

const stamp = v.pipe(v.string(), v.regex(/^([0-9a-f]{16}-[A-Za-z0-9_-]{22})?$/));
const device = v.pipe(v.string(), v.regex(/^([A-Za-z0-9_-]{22})?$/));
const text = textUpTo(LONGEST_TEXT);
const writing = v.strictObject({ v: text, t: stamp, s: v.pipe(v.array(v.tuple([device, stamp])), v.maxLength(200)) });
const field = v.union([
  v.strictObject({ v: v.union([text, v.boolean(), natural]), t: stamp }),
  v.strictObject({ g: natural, p: textUpTo(64) }),
  v.strictObject({ w: v.pipe(v.array(v.tuple([device, writing])), v.maxLength(200)) }),
]);
const piece = v.pipe(v.array(v.tuple([textUpTo(64), textUpTo(32), field])), v.maxLength(20_000));

/** Refused: `malformed`, `wire-too-large`. */
export function entriesFromBytes(from: Uint8Array): Result<OwnEntry[], WireFault> {
  const read = valueFromCbor(piece, from, LONGEST);
  if (!read.ok) return read;
  const value = read.value.map(([subject, name, said]) => ({ subject, name, field: fieldFromWire(said) }));
  return { ok: true, value };
}

/** Fields as pieces that each fit a record. */
export function piecesOf(entries: readonly OwnEntry[]): Bytes[] {
  const pieces: Bytes[] = [];
  let run: unknown[] = [];
  let size = 0;
  for (const { subject, name, field: known } of entries) {
    const entry = [subject, name, wireFromField(known)];
    const bytes = cborFromValue(entry).length;
    if (run.length > 0 && size + bytes > PIECE) {
      pieces.push(cborFromValue(run));
      run = [];
      size = 0;
    }
    run.push(entry);
    size += bytes;
  }
  return run.length === 0 ? pieces : [...pieces, cborFromValue(run)];
}

const wireFromField = (known: OwnField): v.InferOutput<typeof field> =>
  'w' in known
    ? { w: Object.entries(known.w).map(([by, { s, ...said }]) => [by, { ...said, s: Object.entries(s) }]) }
    : known;

function fieldFromWire(said: v.InferOutput<typeof field>): OwnField {
  if (!('w' in said)) return said;
  const writings = said.w.map(([by, { s, ...one }]) => [by, { ...one, s: Object.fromEntries(s) }] as const);
  return { w: Object.fromEntries(writings) };
}
