import * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import { accountId, bytesUpTo, deviceId, entryId, natural } from '../protocol/fields.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';

/**
 * A commit of our own between the moment it is on disk and the relay's answer. It is adopted when the
 * relay has taken it, or when it comes back in the log; never before (protocol §2).
 */
export type Staged = v.InferOutput<typeof staged>;

const LIMIT = 64 * 1024 * 1024;

const staged = v.strictObject({
  id: entryId,
  /** The epoch that it ends. */
  epoch: natural,
  commit: bytesUpTo(LIMIT),
  /** The group's state after it. */
  next: bytesUpTo(LIMIT),
  welcome: v.optional(bytesUpTo(LIMIT)),
  welcomes: v.array(v.strictObject({ id: entryId, device: deviceId })),
  members: v.array(deviceId),
  spends: v.array(entryId),
  fence: v.boolean(),
  /** Accounts that leave with it, by notes of their own. */
  leaving: v.optional(v.array(accountId), []),
  /** The commit of this device coming back. */
  isReturn: v.exactOptional(v.literal(true)),
  /** The token of the link that this device comes by. */
  through: v.exactOptional(bytesUpTo(32)),
  /** The operation that it carries out. */
  intent: v.string(),
});

export const bytesFromStaged = (value: Staged): Bytes => cborFromValue(value);

/** What we wrote ourselves, under authentication: it decodes or the program is wrong. */
export function stagedFromBytes(bytes: Uint8Array): Staged {
  const decoded = valueFromCbor(staged, bytes, LIMIT);
  if (!decoded.ok) throw new Error('a staged commit does not decode');
  return decoded.value;
}
