import type { Bytes } from '../core/bytes.ts';
import { encryptBlock, expandKey, SCHEDULE_LENGTH } from './aes.ts';
import { ghash } from './ghash.ts';

const TAG = 16;
const schedule = new Int32Array(SCHEDULE_LENGTH);
const block = new Int32Array(4);
const tag = new Int32Array(4);

/**
 * AES-256-GCM (NIST SP 800-38D), quick for short data under a key of its own, as a message record is:
 * round keys and blocks are arrays that every call uses again and wipes. A pair of key and nonce must
 * never seal twice.
 * @param key 32 bytes. @param nonce 12 bytes. @returns ciphertext ‖ 16-byte tag.
 */
export function aesGcmSeal(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, plaintext: Uint8Array): Bytes {
  const { length } = plaintext;
  const counters = start(key, nonce);
  const sealed = new Uint8Array(length + TAG);
  sealed.set(plaintext);
  const view = new DataView(sealed.buffer);
  applyStream(counters, view, view, length);
  computeTag(counters, bound, view, length);
  for (let word = 0; word < 4; word++) view.setInt32(length + 4 * word, tag[word] ?? 0);
  wipe();
  return sealed;
}

/** The plaintext of {@link aesGcmSeal}'s output, or `undefined` when key, nonce, bound data or ciphertext differ. */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  bound: Uint8Array,
  sealed: Uint8Array,
): Bytes | undefined {
  const counters = start(key, nonce);
  const length = sealed.length - TAG;
  if (length < 0) return undefined;
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.length);
  computeTag(counters, bound, view, length);
  let difference = 0;
  for (let word = 0; word < 4; word++) difference |= (tag[word] ?? 0) ^ view.getInt32(length + 4 * word);
  const plaintext = difference === 0 ? new Uint8Array(length) : undefined;
  if (plaintext !== undefined) applyStream(counters, view, new DataView(plaintext.buffer), length);
  wipe();
  return plaintext;
}

/** The three words before the counter (§7.1). */
type Nonce = readonly [number, number, number];

function start(key: Uint8Array, nonce: Uint8Array): Nonce {
  if (nonce.length !== 12) throw new RangeError('wrong nonce length');
  expandKey(key, schedule);
  const view = new DataView(nonce.buffer, nonce.byteOffset, 12);
  return [view.getInt32(0), view.getInt32(4), view.getInt32(8)];
}

/** Adds the key stream, which starts at counter 2, to `length` bytes. @param to may be `from`. */
function applyStream([n0, n1, n2]: Nonce, from: DataView, to: DataView, length: number): void {
  const whole = length & ~15;
  let counter = 2;
  for (let at = 0; at < whole; at += 16) {
    encryptBlock(schedule, n0, n1, n2, counter++, block);
    to.setInt32(at, from.getInt32(at) ^ (block[0] ?? 0));
    to.setInt32(at + 4, from.getInt32(at + 4) ^ (block[1] ?? 0));
    to.setInt32(at + 8, from.getInt32(at + 8) ^ (block[2] ?? 0));
    to.setInt32(at + 12, from.getInt32(at + 12) ^ (block[3] ?? 0));
  }
  if (whole === length) return;
  encryptBlock(schedule, n0, n1, n2, counter, block);
  for (let at = whole; at < length; at++) {
    const stream = (block[(at - whole) >> 2] ?? 0) >>> (24 - 8 * (at & 3));
    to.setUint8(at, from.getUint8(at) ^ (stream & 0xff));
  }
}

/** Leaves the tag in `tag`: the hash under the encrypted zero block, masked with counter 1. */
function computeTag([n0, n1, n2]: Nonce, bound: Uint8Array, ciphertext: DataView, length: number): void {
  encryptBlock(schedule, 0, 0, 0, 0, block);
  ghash(block, bound, ciphertext, length, tag);
  encryptBlock(schedule, n0, n1, n2, 1, block);
  for (let word = 0; word < 4; word++) tag[word] = (tag[word] ?? 0) ^ (block[word] ?? 0);
}

function wipe(): void {
  schedule.fill(0);
  block.fill(0);
}
