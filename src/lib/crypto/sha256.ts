import type { Bytes } from '../core/bytes.ts';

/**
 * SHA-256 (FIPS 180-4) and HMAC (RFC 2104), quick for short data: a ratchet step is six compressions and
 * a record's hash seven, and together they are the largest part of opening a backlog. Eight rounds stand
 * written out, on 32-bit words in one array that every call uses again; what touched a key is wiped
 * before a call ends.
 */

const BLOCK = 64;
const LENGTH = 32;
/** Message schedule: the block in the first sixteen words, and what follows from it. */
const W = new Int32Array(64);
const work = new Int32Array(8);
const inner = new Int32Array(8);
const outer = new Int32Array(8);
const keyBlock = new Int32Array(16);

/** SHA-256: 32 bytes. */
export function sha256(data: Uint8Array): Bytes {
  checkBytes(data);
  work.set(START);
  absorb(work, data, 0);
  return bytesFromWords(work);
}

/** HMAC-SHA-256 of each message under one key: 32 bytes each. */
export function hmacSha256All(key: Uint8Array, messages: readonly Uint8Array[]): Bytes[] {
  // Before anything is in the arrays: what can throw, throws here.
  for (const data of [key, ...messages]) checkBytes(data);
  const short = key.length > BLOCK ? sha256(key) : key;
  setBytes(keyBlock, short, 0, short.length);
  startWith(inner, 0x3636_3636);
  startWith(outer, 0x5c5c_5c5c);
  const codes = messages.map((message) => {
    work.set(inner);
    absorb(work, message, BLOCK);
    W.fill(0, 0, 16);
    W.set(work);
    W[8] = 0x8000_0000;
    W[15] = 8 * (BLOCK + LENGTH);
    work.set(outer);
    compress(work);
    return bytesFromWords(work);
  });
  for (const words of [W, work, inner, outer, keyBlock]) words.fill(0);
  return codes;
}

/** HMAC-SHA-256: 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Bytes {
  const [code] = hmacSha256All(key, [message]);
  if (code === undefined) throw new Error('one message has one code');
  return code;
}

/** A text has indexes too, and would be hashed as zeros. */
function checkBytes(data: Uint8Array): void {
  if (!(data instanceof Uint8Array)) throw new TypeError('expected Uint8Array');
}

/** The state after the key's block, masked. */
function startWith(state: Int32Array, mask: number): void {
  for (let i = 0; i < 16; i++) W[i] = at(keyBlock, i) ^ mask;
  state.set(START);
  compress(state);
}

/** Ends a hash whose first `before` bytes, whole blocks, are in `state`: `data`, padding and length. */
function absorb(state: Int32Array, data: Uint8Array, before: number): void {
  const whole = data.length & ~(BLOCK - 1);
  for (let start = 0; start < whole; start += BLOCK) {
    setBlock(data, start);
    compress(state);
  }
  const left = data.length - whole;
  W.fill(0, 0, 16);
  setBytes(W, data, whole, left);
  W[left >> 2] = at(W, left >> 2) | (0x80 << (24 - 8 * (left & 3)));
  if (left >= BLOCK - 8) {
    compress(state);
    W.fill(0, 0, 16);
  }
  const length = before + data.length;
  W[14] = Math.floor(length / 2 ** 29);
  W[15] = length << 3;
  compress(state);
}

function setBlock(data: Uint8Array, start: number): void {
  for (let i = 0, from = start; i < 16; i++, from += 4) {
    W[i] = (at(data, from) << 24) | (at(data, from + 1) << 16) | (at(data, from + 2) << 8) | at(data, from + 3);
  }
}

/** Adds less than a block to words that are zero. */
function setBytes(words: Int32Array, data: Uint8Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) words[i >> 2] = at(words, i >> 2) | (at(data, start + i) << (24 - 8 * (i & 3)));
}

function bytesFromWords(words: Int32Array): Bytes {
  const bytes = new Uint8Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) bytes[i] = at(words, i >> 2) >>> (24 - 8 * (i & 3));
  return bytes;
}

/** Every index here is within bounds; the type does not know. */
const at = (words: Int32Array | Uint8Array, index: number): number => words[index] ?? 0;

// prettier-ignore
const START = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

/** FIPS 180-4 §4.2.2. */
// prettier-ignore
const K = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);

/** FIPS 180-4 §6.2.2, over the block in `W`: instead of moving eight variables, each round names them anew. */
// prettier-ignore
function compress(state: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const x = at(W, i - 15);
    const y = at(W, i - 2);
    W[i] = at(W, i - 16) + at(W, i - 7) +
      ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let a = at(state, 0), b = at(state, 1), c = at(state, 2), d = at(state, 3);
  let e = at(state, 4), f = at(state, 5), g = at(state, 6), h = at(state, 7);
  for (let i = 0; i < 64; i += 8) {
    h = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (g ^ (e & (f ^ g))) + at(K, i) + at(W, i)) | 0;
    d = (d + h) | 0;
    h = (h + ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + ((a & b) | (c & (a | b)))) | 0;
    g = (g + ((d >>> 6 | d << 26) ^ (d >>> 11 | d << 21) ^ (d >>> 25 | d << 7)) + (f ^ (d & (e ^ f))) + at(K, i + 1) + at(W, i + 1)) | 0;
    c = (c + g) | 0;
    g = (g + ((h >>> 2 | h << 30) ^ (h >>> 13 | h << 19) ^ (h >>> 22 | h << 10)) + ((h & a) | (b & (h | a)))) | 0;
    f = (f + ((c >>> 6 | c << 26) ^ (c >>> 11 | c << 21) ^ (c >>> 25 | c << 7)) + (e ^ (c & (d ^ e))) + at(K, i + 2) + at(W, i + 2)) | 0;
    b = (b + f) | 0;
    f = (f + ((g >>> 2 | g << 30) ^ (g >>> 13 | g << 19) ^ (g >>> 22 | g << 10)) + ((g & h) | (a & (g | h)))) | 0;
    e = (e + ((b >>> 6 | b << 26) ^ (b >>> 11 | b << 21) ^ (b >>> 25 | b << 7)) + (d ^ (b & (c ^ d))) + at(K, i + 3) + at(W, i + 3)) | 0;
    a = (a + e) | 0;
    e = (e + ((f >>> 2 | f << 30) ^ (f >>> 13 | f << 19) ^ (f >>> 22 | f << 10)) + ((f & g) | (h & (f | g)))) | 0;
    d = (d + ((a >>> 6 | a << 26) ^ (a >>> 11 | a << 21) ^ (a >>> 25 | a << 7)) + (c ^ (a & (b ^ c))) + at(K, i + 4) + at(W, i + 4)) | 0;
    h = (h + d) | 0;
    d = (d + ((e >>> 2 | e << 30) ^ (e >>> 13 | e << 19) ^ (e >>> 22 | e << 10)) + ((e & f) | (g & (e | f)))) | 0;
    c = (c + ((h >>> 6 | h << 26) ^ (h >>> 11 | h << 21) ^ (h >>> 25 | h << 7)) + (b ^ (h & (a ^ b))) + at(K, i + 5) + at(W, i + 5)) | 0;
    g = (g + c) | 0;
    c = (c + ((d >>> 2 | d << 30) ^ (d >>> 13 | d << 19) ^ (d >>> 22 | d << 10)) + ((d & e) | (f & (d | e)))) | 0;
    b = (b + ((g >>> 6 | g << 26) ^ (g >>> 11 | g << 21) ^ (g >>> 25 | g << 7)) + (a ^ (g & (h ^ a))) + at(K, i + 6) + at(W, i + 6)) | 0;
    f = (f + b) | 0;
    b = (b + ((c >>> 2 | c << 30) ^ (c >>> 13 | c << 19) ^ (c >>> 22 | c << 10)) + ((c & d) | (e & (c | d)))) | 0;
    a = (a + ((f >>> 6 | f << 26) ^ (f >>> 11 | f << 21) ^ (f >>> 25 | f << 7)) + (h ^ (f & (g ^ h))) + at(K, i + 7) + at(W, i + 7)) | 0;
    e = (e + a) | 0;
    a = (a + ((b >>> 2 | b << 30) ^ (b >>> 13 | b << 19) ^ (b >>> 22 | b << 10)) + ((b & c) | (d & (b | c)))) | 0;
  }
  state[0] = at(state, 0) + a; state[1] = at(state, 1) + b; state[2] = at(state, 2) + c; state[3] = at(state, 3) + d;
  state[4] = at(state, 4) + e; state[5] = at(state, 5) + f; state[6] = at(state, 6) + g; state[7] = at(state, 7) + h;
}
