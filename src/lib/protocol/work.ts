import * as v from 'valibot';
import { concat, u64, utf8, type Bytes } from '../core/bytes.ts';
import { natural, plainMap } from './fields.ts';

/** What a relay asks of a device that is new. Apart from the rest of `account.ts`, because every client starts with it. */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));

/** `POST accounts/terms`: what a new device has to bring to `accounts`. No session. */
export const terms = {
  path: 'accounts/terms',
  request: empty,
  answer: v.strictObject({
    /** Leading zero bits of {@link workToHash}'s SHA-256. */
    workBits: v.pipe(natural, v.maxValue(40)),
    /** Whether a new account needs an invitation by whoever runs the relay. */
    inviteOnly: v.boolean(),
  }),
};

/** `"cairn/1 work" ‖ 0 ‖ SHA-256(certificate) ‖ u64 nonce`: one block of SHA-256. */
export const workToHash = (certificateHash: Uint8Array, nonce: number): Bytes =>
  concat(utf8('cairn/1 work\0'), certificateHash, u64(nonce));

/** Whether a SHA-256 begins with that many zero bits. */
export function hasZeroBits(hash: Uint8Array, bits: number): boolean {
  for (let i = 0; i < bits; i++) if (((hash[i >> 3] ?? 0xff) & (0x80 >> (i & 7))) !== 0) return false;
  return true;
}
