/**
 * GHASH (NIST SP 800-38D §6.4) for a key that is used for one message.
 *
 * The cipher library builds a table for each key that pays off only over many kilobytes; for a record
 * of 400 bytes under a key of its own that table is most of the cost. This is Shoup's method with
 * 8-bit windows: 256 multiples of the key, and 16 steps for each block. Blocks are four words, the
 * first bit of a block the lowest power. Table and state are used again and wiped after each hash.
 */
const table = new Int32Array(4 * 256);
const state = new Int32Array(4);

/**
 * @param key four words, big endian: the encrypted zero block. @param ciphertext its first `length` bytes
 * count. @param tag takes the hash over `bound`, the ciphertext and their lengths: four words, big endian.
 */
export function ghash(key: Int32Array, bound: Uint8Array, ciphertext: DataView, length: number, tag: Int32Array): void {
  fillTable(key);
  absorb(new DataView(bound.buffer, bound.byteOffset, bound.length), bound.length);
  absorb(ciphertext, length);
  multiply(bound.length / 2 ** 29, bound.length * 8, length / 2 ** 29, length * 8);
  tag.set(state);
  table.fill(0);
  state.fill(0);
}

/** What the eight bits that a shift pushes out turn into, modulo x^128 + x^7 + x^2 + x + 1. */
const REDUCTION = Int32Array.from({ length: 256 }, (_, bits) => {
  let value = 0;
  for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) value ^= 0xe100_0000 >>> (7 - bit);
  return value;
});

/** `n · key` for the 256 polynomials of eight bits. */
function fillTable(key: Int32Array): void {
  let a = key[0] ?? 0;
  let b = key[1] ?? 0;
  let c = key[2] ?? 0;
  let d = key[3] ?? 0;
  for (let top = 512; top >= 4; top >>= 1) {
    table[top] = a;
    table[top + 1] = b;
    table[top + 2] = c;
    table[top + 3] = d;
    const carry = -(d & 1) & 0xe100_0000;
    d = (d >>> 1) | (c << 31);
    c = (c >>> 1) | (b << 31);
    b = (b >>> 1) | (a << 31);
    a = (a >>> 1) ^ carry;
  }
  for (let top = 8; top < table.length; top <<= 1) {
    a = table[top] ?? 0;
    b = table[top + 1] ?? 0;
    c = table[top + 2] ?? 0;
    d = table[top + 3] ?? 0;
    for (let at = 4; at < top; at += 4) {
      table[top + at] = (table[at] ?? 0) ^ a;
      table[top + at + 1] = (table[at + 1] ?? 0) ^ b;
      table[top + at + 2] = (table[at + 2] ?? 0) ^ c;
      table[top + at + 3] = (table[at + 3] ?? 0) ^ d;
    }
  }
}

/** Adds and multiplies block by block; the last is filled up with zeros. */
function absorb(data: DataView, length: number): void {
  const whole = length & ~15;
  for (let at = 0; at < whole; at += 16) {
    multiply(data.getInt32(at), data.getInt32(at + 4), data.getInt32(at + 8), data.getInt32(at + 12));
  }
  if (whole === length) return;
  const last = [0, 0, 0, 0];
  for (let at = whole; at < length; at++) {
    const word = (at - whole) >> 2;
    last[word] = (last[word] ?? 0) | (data.getUint8(at) << (24 - 8 * (at & 3)));
  }
  multiply(last[0] ?? 0, last[1] ?? 0, last[2] ?? 0, last[3] ?? 0);
}

/** `(state + block) · key`, from the highest power down: shift by eight, reduce, add the multiple. */
function multiply(b0: number, b1: number, b2: number, b3: number): void {
  state[0] = (state[0] ?? 0) ^ b0;
  state[1] = (state[1] ?? 0) ^ b1;
  state[2] = (state[2] ?? 0) ^ b2;
  state[3] = (state[3] ?? 0) ^ b3;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let word = 3; word >= 0; word--) {
    const bits = state[word] ?? 0;
    for (let shift = 0; shift < 32; shift += 8) {
      const out = REDUCTION[d & 255] ?? 0;
      const at = ((bits >>> shift) & 255) << 2;
      d = ((d >>> 8) | (c << 24)) ^ (table[at + 3] ?? 0);
      c = ((c >>> 8) | (b << 24)) ^ (table[at + 2] ?? 0);
      b = ((b >>> 8) | (a << 24)) ^ (table[at + 1] ?? 0);
      a = (a >>> 8) ^ out ^ (table[at] ?? 0);
    }
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}
