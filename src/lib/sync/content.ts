import * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import type { Result } from '../core/result.ts';
import type { WireFault } from '../protocol/errors.ts';
import { bytesUpTo, messageId, textUpTo } from '../protocol/fields.ts';
import { limits } from '../protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';

/** What is inside a sealed record. The message's id is in the record's header. */
export type Content = v.InferOutput<typeof content>;

const sortKey = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}-[A-Za-z0-9_-]{22}$/));
const ids = v.pipe(v.array(messageId), v.maxLength(5_000));

const content = v.variant('k', [
  /** A message of text. `s`: where it sorts, by the sender's clock. */
  v.strictObject({ k: v.literal('text'), s: sortKey, t: textUpTo(limits.text) }),
  /** Messages of others that arrived on this device (`d`) or were seen by the person (`r`). */
  v.strictObject({ k: v.literal('receipt'), d: ids, r: ids }),
  /** The sender leaves: `n` is their device's signed note, which lets any member commit the removal. */
  v.strictObject({ k: v.literal('leave'), n: bytesUpTo(1024) }),
]);

export const bytesFromContent = (value: Content): Bytes => cborFromValue(value);

/** Refused: `malformed`, `wire-too-large`. */
export const contentFromBytes = (bytes: Uint8Array): Result<Content, WireFault> =>
  valueFromCbor(content, bytes, limits.entry);
