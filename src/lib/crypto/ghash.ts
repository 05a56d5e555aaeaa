/**
 * GHASH (NIST SP 800-38D §6.4) for a key that is used for one message.
 *
 * The cipher library builds a table for each key that pays off only over many kilobytes; for a record
 * of 400 bytes under a key of its own that table is most of the cost. This is Shoup's method with
 * 8-bit windows: 256 multiples of the key, and 16 steps for each block. Blocks are four words, the
 * first bit of a block the lowest power. Table and state are used again and wiped after each hash.
 */
const table = new Uint32Array(4 * 256);
const state = new Uint32Array(4);

/**
 * @param key four words, big endian: the encrypted zero block. @param tag takes the hash over `bound`,
 * `ciphertext` and their lengths: four words, big endian.
 */
export function ghash(key: Uint32Array, bound: Uint8Array, ciphertext: Uint8Array, tag: Uint32Array): void {
  fillTable(key);
  absorb(bound);
  absorb(ciphertext);
  add(0, Math.floor(bound.length / 2 ** 29));
  add(1, bound.length * 8);
  add(2, Math.floor(ciphertext.length / 2 ** 29));
  add(3, ciphertext.length * 8);
  multiply();
  tag.set(state);
  table.fill(0);
  state.fill(0);
}

/** What the eight bits that a shift pushes out turn into, modulo x^128 + x^7 + x^2 + x + 1. */
const REDUCTION = Uint32Array.from({ length: 256 }, (_, bits) => {
  let value = 0;
  for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) value ^= 0xe100_0000 >>> (7 - bit);
  return value >>> 0;
});

/** `n · key` for the 256 polynomials of eight bits. */
function fillTable(key: Uint32Array): void {
  let a = key[0] ?? 0;
  let b = key[1] ?? 0;
  let c = key[2] ?? 0;
  let d = key[3] ?? 0;
  for (let top = 128; top > 0; top >>= 1) {
    table[4 * top] = a;
    table[4 * top + 1] = b;
    table[4 * top + 2] = c;
    table[4 * top + 3] = d;
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

const add = (word: number, value: number): number => (state[word] = (state[word] ?? 0) ^ value);

/** Adds and multiplies block by block; the last is filled up with zeros. */
function absorb(data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const whole = data.length & ~15;
  for (let at = 0; at < whole; at += 16) {
    add(0, view.getUint32(at));
    add(1, view.getUint32(at + 4));
    add(2, view.getUint32(at + 8));
    add(3, view.getUint32(at + 12));
    multiply();
  }
  if (whole === data.length) return;
  for (let at = whole; at < data.length; at++) add((at - whole) >> 2, (data[at] ?? 0) << (24 - 8 * (at & 3)));
  multiply();
}

/** `state · key`, from the highest power down: shift by eight, reduce, add the multiple. */
function multiply(): void {
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
