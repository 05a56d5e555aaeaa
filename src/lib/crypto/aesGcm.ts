import { unsafe } from '@noble/ciphers/aes.js';
import type { Bytes } from '../core/bytes.ts';
import { ghash } from './ghash.ts';

const TAG = 16;
const hashKey = new Uint32Array(4);
const tag = new Uint32Array(4);

/**
 * AES-256-GCM (NIST SP 800-38D), quick for short data under a key of its own, as a message record is:
 * the block cipher is the library's, the hash is {@link ghash}. A pair of key and nonce must never seal twice.
 * @param key 32 bytes. @param nonce 12 bytes. @returns ciphertext ‖ 16-byte tag.
 */
export function aesGcmSeal(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, plaintext: Uint8Array): Bytes {
  const block = blockCipher(key, nonce);
  const sealed = new Uint8Array(plaintext.length + TAG);
  sealed.set(plaintext);
  const view = new DataView(sealed.buffer);
  applyStream(block, sealed, view, plaintext.length);
  computeTag(block, bound, sealed.subarray(0, plaintext.length));
  for (let word = 0; word < 4; word++) view.setUint32(plaintext.length + 4 * word, tag[word] ?? 0);
  block.wipe();
  return sealed;
}

/** The plaintext of {@link aesGcmSeal}'s output, or `undefined` when key, nonce, bound data or ciphertext differ. */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  bound: Uint8Array,
  sealed: Uint8Array,
): Bytes | undefined {
  const block = blockCipher(key, nonce);
  const length = sealed.length - TAG;
  if (length < 0) return undefined;
  const ciphertext = sealed.subarray(0, length);
  computeTag(block, bound, ciphertext);
  const sealedView = new DataView(sealed.buffer, sealed.byteOffset, sealed.length);
  let difference = 0;
  for (let word = 0; word < 4; word++) difference |= (tag[word] ?? 0) ^ sealedView.getUint32(length + 4 * word);
  const plaintext = difference === 0 ? new Uint8Array(ciphertext) : undefined;
  if (plaintext !== undefined) applyStream(block, plaintext, new DataView(plaintext.buffer), length);
  block.wipe();
  return plaintext;
}

/** Four words, little endian, as the library computes them. */
type Block = ReturnType<typeof unsafe.encrypt>;

interface BlockCipher {
  readonly zero: () => Block;
  readonly counter: (value: number) => Block;
  readonly wipe: () => void;
}

/** The cipher under `key`: the zero block, and `nonce ‖ counter` (§7.1). */
function blockCipher(key: Uint8Array, nonce: Uint8Array): BlockCipher {
  if (key.length !== 32 || nonce.length !== 12) throw new RangeError('wrong key or nonce length');
  const schedule = unsafe.expandKeyLE(key);
  const view = new DataView(nonce.buffer, nonce.byteOffset, 12);
  const [n0, n1, n2] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
  return {
    zero: () => unsafe.encrypt(schedule, 0, 0, 0, 0),
    counter: (value) => unsafe.encrypt(schedule, n0, n1, n2, swapped(value)),
    wipe: () => schedule.fill(0),
  };
}

/** Adds the key stream, which starts at counter 2, to the first `length` bytes in place. */
function applyStream(block: BlockCipher, data: Uint8Array, view: DataView, length: number): void {
  const whole = length & ~15;
  let counter = 2;
  for (let at = 0; at < whole; at += 16) {
    const { s0, s1, s2, s3 } = block.counter(counter++);
    view.setUint32(at, view.getUint32(at, true) ^ s0, true);
    view.setUint32(at + 4, view.getUint32(at + 4, true) ^ s1, true);
    view.setUint32(at + 8, view.getUint32(at + 8, true) ^ s2, true);
    view.setUint32(at + 12, view.getUint32(at + 12, true) ^ s3, true);
  }
  if (whole === length) return;
  const { s0, s1, s2, s3 } = block.counter(counter);
  const last = [s0, s1, s2, s3];
  for (let at = whole; at < length; at++) {
    const stream = (last[(at - whole) >> 2] ?? 0) >>> (8 * (at & 3));
    data[at] = (data[at] ?? 0) ^ (stream & 0xff);
  }
}

/** Leaves the tag in `tag`: the hash under the encrypted zero block, masked with counter 1. */
function computeTag(block: BlockCipher, bound: Uint8Array, ciphertext: Uint8Array): void {
  setSwapped(hashKey, block.zero());
  ghash(hashKey, bound, ciphertext, tag);
  setSwapped(hashKey, block.counter(1));
  for (let word = 0; word < 4; word++) tag[word] = (tag[word] ?? 0) ^ (hashKey[word] ?? 0);
  hashKey.fill(0);
}

function setSwapped(words: Uint32Array, { s0, s1, s2, s3 }: Block): void {
  words[0] = swapped(s0);
  words[1] = swapped(s1);
  words[2] = swapped(s2);
  words[3] = swapped(s3);
}

/** Big endian from little endian and back. */
const swapped = (n: number): number => (n << 24) | ((n << 8) & 0xff_0000) | ((n >>> 8) & 0xff00) | (n >>> 24);
