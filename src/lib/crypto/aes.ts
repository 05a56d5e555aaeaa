/**
 * The block cipher AES-256 (FIPS 197), encryption alone: all that counter mode needs. Words are big
 * endian, as the standard writes them.
 *
 * The cipher library's tables take 640 kB, which a record of 400 bytes with a key of its own pays for in
 * cache misses; the four tables here take 4 kB (Daemen and Rijmen, "AES Proposal: Rijndael", §5.2.1).
 * Like every cipher with tables in JavaScript it is not constant in time.
 */

/** Round keys: 15 times four words. */
export const SCHEDULE_LENGTH = 60;

/** Writes the round keys of a 32-byte key (§5.2). */
export function expandKey(key: Uint8Array, schedule: Int32Array): void {
  if (!(key instanceof Uint8Array) || key.length !== 32) throw new RangeError('an AES-256 key has 32 bytes');
  for (let i = 0; i < 8; i++) {
    const byte = 4 * i;
    schedule[i] = (at(key, byte) << 24) | (at(key, byte + 1) << 16) | (at(key, byte + 2) << 8) | at(key, byte + 3);
  }
  for (let i = 8, constant = 1; i < SCHEDULE_LENGTH; i++) {
    const before = at(schedule, i - 1);
    let word = before;
    if (i % 8 === 0) {
      word = substituted((before << 8) | (before >>> 24)) ^ (constant << 24);
      constant <<= 1;
    } else if (i % 8 === 4) {
      word = substituted(before);
    }
    schedule[i] = at(schedule, i - 8) ^ word;
  }
}

/** Encrypts the block of four words into `out` (§5.1). */
export function encryptBlock(
  schedule: Int32Array,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  out: Int32Array,
): void {
  let a = w0 ^ at(schedule, 0);
  let b = w1 ^ at(schedule, 1);
  let c = w2 ^ at(schedule, 2);
  let d = w3 ^ at(schedule, 3);
  let i = 4;
  for (; i < SCHEDULE_LENGTH - 4; i += 4) {
    const e = at(T0, a >>> 24) ^ at(T1, (b >>> 16) & 255) ^ at(T2, (c >>> 8) & 255) ^ at(T3, d & 255);
    const f = at(T0, b >>> 24) ^ at(T1, (c >>> 16) & 255) ^ at(T2, (d >>> 8) & 255) ^ at(T3, a & 255);
    const g = at(T0, c >>> 24) ^ at(T1, (d >>> 16) & 255) ^ at(T2, (a >>> 8) & 255) ^ at(T3, b & 255);
    const h = at(T0, d >>> 24) ^ at(T1, (a >>> 16) & 255) ^ at(T2, (b >>> 8) & 255) ^ at(T3, c & 255);
    a = e ^ at(schedule, i);
    b = f ^ at(schedule, i + 1);
    c = g ^ at(schedule, i + 2);
    d = h ^ at(schedule, i + 3);
  }
  out[0] = lastRound(a, b, c, d) ^ at(schedule, i);
  out[1] = lastRound(b, c, d, a) ^ at(schedule, i + 1);
  out[2] = lastRound(c, d, a, b) ^ at(schedule, i + 2);
  out[3] = lastRound(d, a, b, c) ^ at(schedule, i + 3);
}

/** Every index here is within bounds; the type does not know. */
const at = (table: Int32Array | Uint8Array, index: number): number => table[index] ?? 0;

/** The last round mixes no columns. */
const lastRound = (a: number, b: number, c: number, d: number): number =>
  (at(S, a >>> 24) << 24) | (at(S, (b >>> 16) & 255) << 16) | (at(S, (c >>> 8) & 255) << 8) | at(S, d & 255);

const substituted = (word: number): number => lastRound(word, word, word, word);

/** Multiplies by x modulo x^8 + x^4 + x^3 + x + 1. */
const doubled = (n: number): number => (n << 1) ^ (-(n >> 7) & 0x11b);

/** The S-box (§5.1.1): inverses found by walking the powers of the generator 3, then the affine map. */
const S = ((): Uint8Array => {
  const powers = new Uint8Array(256);
  for (let i = 0, x = 1; i < 256; i++, x ^= doubled(x)) powers[i] = x;
  const box = new Uint8Array(256);
  box[0] = 0x63;
  for (let i = 0; i < 255; i++) {
    const inverse = at(powers, 255 - i);
    const twice = inverse | (inverse << 8);
    box[at(powers, i)] = inverse ^ (twice >> 4) ^ (twice >> 5) ^ (twice >> 6) ^ (twice >> 7) ^ 0x63;
  }
  return box;
})();

/** S-box and one column of the mix in one: (2s, s, s, 3s), and the same turned by one, two and three bytes. */
const T0 = Int32Array.from(S, (s) => (doubled(s) << 24) | (s << 16) | (s << 8) | (doubled(s) ^ s));
const T1 = T0.map((word) => (word >>> 8) | (word << 24));
const T2 = T1.map((word) => (word >>> 8) | (word << 24));
const T3 = T2.map((word) => (word >>> 8) | (word << 24));
