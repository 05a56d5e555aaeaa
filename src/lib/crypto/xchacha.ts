import type { Bytes } from '../core/bytes.ts';
import { chachaBlock, hchacha, setConstants } from './chacha20.ts';
import { absorbLengths, absorbPadded, finishPoly1305, startPoly1305 } from './poly1305.ts';

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), quick for short data: a page of messages is fifty values of
 * a hundred bytes each, and for those a library spends its time on views and copies. Keys of what is at rest
 * go through here, so what held a key or key stream is wiped before a call ends.
 */

const TAG = 16;
const state = new Int32Array(16);
const block = new Int32Array(16);
const tag = new Int32Array(4);

/** @param key 32 bytes. @param nonce 24 bytes. @returns ciphertext ‖ 16-byte tag. */
export function xchachaSeal(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, plaintext: Uint8Array): Bytes {
  check(key, nonce, bound, plaintext);
  const sealed = new Uint8Array(plaintext.length + TAG);
  start(key, nonce);
  turn(plaintext, sealed, plaintext.length);
  authenticate(bound, sealed.subarray(0, plaintext.length));
  for (let i = 0; i < TAG; i++) sealed[plaintext.length + i] = at(tag, i >> 2) >>> (8 * (i & 3));
  wipe();
  return sealed;
}

/** The plaintext of {@link xchachaSeal}'s output, or `undefined` when key, nonce, bound data or ciphertext differ. */
export function xchachaOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  bound: Uint8Array,
  sealed: Uint8Array,
): Bytes | undefined {
  check(key, nonce, bound, sealed);
  const length = sealed.length - TAG;
  if (length < 0) return undefined;
  start(key, nonce);
  authenticate(bound, sealed.subarray(0, length));
  let difference = 0;
  for (let i = 0; i < 4; i++) difference |= at(tag, i) ^ wordAt(sealed, length + 4 * i);
  const plaintext = difference === 0 ? new Uint8Array(length) : undefined;
  if (plaintext !== undefined) turn(sealed, plaintext, length);
  wipe();
  return plaintext;
}

/** The state for the first block of the text, and the key of its hash from the block before. */
function start(key: Uint8Array, nonce: Uint8Array): void {
  setConstants(state);
  for (let i = 0; i < 8; i++) state[4 + i] = wordAt(key, 4 * i);
  for (let i = 0; i < 4; i++) state[12 + i] = wordAt(nonce, 4 * i);
  hchacha(state, block);
  state[12] = 0;
  state[13] = 0;
  state[14] = wordAt(nonce, 16);
  state[15] = wordAt(nonce, 20);
  chachaBlock(state, block);
  startPoly1305(block);
}

/** The first `length` bytes, with the key stream over them. */
function turn(from: Uint8Array, to: Uint8Array, length: number): void {
  for (let start = 0; start < length; start += 64) {
    state[12] = at(state, 12) + 1;
    chachaBlock(state, block);
    const end = Math.min(length - start, 64);
    const whole = end & ~3;
    for (let i = 0; i < whole; i += 4) {
      const word = at(block, i >> 2);
      const j = start + i;
      to[j] = at(from, j) ^ word;
      to[j + 1] = at(from, j + 1) ^ (word >>> 8);
      to[j + 2] = at(from, j + 2) ^ (word >>> 16);
      to[j + 3] = at(from, j + 3) ^ (word >>> 24);
    }
    for (let i = whole; i < end; i++) to[start + i] = at(from, start + i) ^ (at(block, i >> 2) >>> (8 * (i & 3)));
  }
}

/** RFC 8439 §2.8. */
function authenticate(bound: Uint8Array, ciphertext: Uint8Array): void {
  absorbPadded(bound);
  absorbPadded(ciphertext);
  absorbLengths(bound.length, ciphertext.length);
  finishPoly1305(tag);
}

function wipe(): void {
  for (const used of [state, block, tag]) used.fill(0);
}

/** Before anything is in the arrays: what can throw, throws here. */
function check(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, data: Uint8Array): void {
  for (const bytes of [key, nonce, bound, data]) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('expected Uint8Array');
  }
  if (key.length !== 32 || nonce.length !== 24) throw new RangeError('wrong key or nonce length');
}

const at = (values: Readonly<Record<number, number>>, i: number): number => values[i] as number;

const wordAt = (bytes: Uint8Array, i: number): number =>
  at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
