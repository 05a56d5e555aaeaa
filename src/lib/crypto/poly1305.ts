/**
 * Poly1305 (RFC 8439 §2.5) on limbs of 22 bits: a sum of six products is a whole number that a double holds
 * exactly, so a block takes 36 multiplications. One hash at a time: key and sum lie in arrays that every hash
 * uses again and that are wiped when it ends.
 */

const LIMB = 2 ** 22;
const UNLIMB = 2 ** -22;
const MASK = LIMB - 1;
/** What of the highest limb lies above 2^130, where 1 is as much as 5. */
const ABOVE = 2 ** 20;

const r = new Float64Array(6);
const h = new Float64Array(6);
const s = new Int32Array(4);

/** Begins a hash. @param key words, little endian: four of r, which is clamped here, and four of s. */
export function startPoly1305(key: Int32Array): void {
  const [r0, r1, r2, r3] = [at(key, 0), at(key, 1), at(key, 2), at(key, 3)];
  setLimbs(r0 & 0x0fff_ffff, r1 & 0x0fff_fffc, r2 & 0x0fff_fffc, r3 & 0x0fff_fffc);
  r.set(limbs);
  s.set(key.subarray(4, 8));
  h.fill(0);
}

/** Takes in bytes, with zeros up to a whole block. */
export function absorbPadded(bytes: Uint8Array): void {
  const whole = bytes.length & ~15;
  for (let i = 0; i < whole; i += 16) {
    absorbBlock(wordAt(bytes, i), wordAt(bytes, i + 4), wordAt(bytes, i + 8), wordAt(bytes, i + 12));
  }
  if (whole === bytes.length) return;
  last.fill(0);
  last.set(bytes.subarray(whole));
  absorbBlock(wordAt(last, 0), wordAt(last, 4), wordAt(last, 8), wordAt(last, 12));
}

/** Takes in a block of two lengths in bytes, of 64 bits each. */
export function absorbLengths(one: number, other: number): void {
  absorbBlock(one | 0, Math.floor(one / 2 ** 32), other | 0, Math.floor(other / 2 ** 32));
}

/** Ends the hash. @param tag takes its four words, little endian. */
export function finishPoly1305(tag: Int32Array): void {
  // Below 2^130; then below the prime, too: only what is not reaches 2^130 with 5 more.
  reduce(Math.floor(at(h, 5) / ABOVE));
  reduce(Math.floor(at(h, 5) / ABOVE));
  let carry = 5;
  for (let i = 0; i < 5; i++) carry = Math.floor((at(h, i) + carry) * UNLIMB);
  reduce(Math.floor((at(h, 5) + carry) / ABOVE));
  const [h0, h1, h2, h3, h4, h5] = [at(h, 0), at(h, 1), at(h, 2), at(h, 3), at(h, 4), at(h, 5)];
  tag[0] = h0 | (h1 << 22);
  tag[1] = (h1 >>> 10) | (h2 << 12);
  tag[2] = (h2 >>> 20) | (h3 << 2) | (h4 << 24);
  tag[3] = (h4 >>> 8) | (h5 << 14);
  let sum = 0;
  for (let i = 0; i < 4; i++) {
    sum = (at(tag, i) >>> 0) + (at(s, i) >>> 0) + Math.floor(sum / 2 ** 32);
    tag[i] = sum;
  }
  for (const used of [r, h, s, limbs, last]) used.fill(0);
}

const limbs = new Float64Array(6);
const last = new Uint8Array(16);

/** Four words, little endian, as limbs. */
function setLimbs(w0: number, w1: number, w2: number, w3: number): void {
  limbs[0] = w0 & MASK;
  limbs[1] = ((w0 >>> 22) | (w1 << 10)) & MASK;
  limbs[2] = ((w1 >>> 12) | (w2 << 20)) & MASK;
  limbs[3] = (w2 >>> 2) & MASK;
  limbs[4] = ((w2 >>> 24) | (w3 << 8)) & MASK;
  limbs[5] = w3 >>> 14;
}

/** h = (h + block + 2^128) · r, modulo 2^130 - 5 and not wholly reduced. 2^132, above all limbs, is 20. */
function absorbBlock(w0: number, w1: number, w2: number, w3: number): void {
  setLimbs(w0, w1, w2, w3);
  const h0 = at(h, 0) + at(limbs, 0);
  const h1 = at(h, 1) + at(limbs, 1);
  const h2 = at(h, 2) + at(limbs, 2);
  const h3 = at(h, 3) + at(limbs, 3);
  const h4 = at(h, 4) + at(limbs, 4);
  const h5 = at(h, 5) + at(limbs, 5) + 2 ** 18;
  const [r0, r1, r2, r3, r4, r5] = [at(r, 0), at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5)];
  const [t1, t2, t3, t4, t5] = [20 * r1, 20 * r2, 20 * r3, 20 * r4, 20 * r5];
  const d0 = h0 * r0 + h1 * t5 + h2 * t4 + h3 * t3 + h4 * t2 + h5 * t1;
  const d1 = h0 * r1 + h1 * r0 + h2 * t5 + h3 * t4 + h4 * t3 + h5 * t2 + Math.floor(d0 * UNLIMB);
  const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * t5 + h4 * t4 + h5 * t3 + Math.floor(d1 * UNLIMB);
  const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * t5 + h5 * t4 + Math.floor(d2 * UNLIMB);
  const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + h5 * t5 + Math.floor(d3 * UNLIMB);
  const d5 = h0 * r5 + h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1 + h5 * r0 + Math.floor(d4 * UNLIMB);
  const low = low22(d0) + 20 * Math.floor(d5 * UNLIMB);
  h[0] = low22(low);
  h[1] = low22(d1) + Math.floor(low * UNLIMB);
  h[2] = low22(d2);
  h[3] = low22(d3);
  h[4] = low22(d4);
  h[5] = low22(d5);
}

const low22 = (value: number): number => value - Math.floor(value * UNLIMB) * LIMB;

/** h = h - above · (2^130 - 5), with all limbs below 2^22. */
function reduce(above: number): void {
  let carry = 5 * above;
  for (let i = 0; i < 6; i++) {
    const sum = at(h, i) + carry;
    carry = i < 5 ? Math.floor(sum * UNLIMB) : 0;
    h[i] = sum - carry * LIMB;
  }
  h[5] = at(h, 5) - above * ABOVE;
}

const at = (values: Readonly<Record<number, number>>, i: number): number => values[i] as number;

const wordAt = (bytes: Uint8Array, i: number): number =>
  at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
