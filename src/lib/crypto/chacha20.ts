/**
 * ChaCha20 (RFC 8439 §2.3) and HChaCha20 (draft-irtf-cfrg-xchacha-03 §2.2) on 32-bit words in arrays that every
 * call uses again. Who called wipes what it was given.
 */

/** "expand 32-byte k". */
const CONSTANTS = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574] as const;

/** The first row of a state: the constants. */
export function setConstants(state: Int32Array): void {
  for (let i = 0; i < 4; i++) state[i] = at(CONSTANTS, i);
}

/** One block of key stream: 16 words, little endian. @param state 16 words: constants, key, counter, nonce. */
export function chachaBlock(state: Int32Array, block: Int32Array): void {
  rounds(state, block);
  for (let i = 0; i < 16; i++) block[i] = at(block, i) + at(state, i);
}

/** A key of eight words from a state with 16 bytes of nonce, in the place of the key in `state`. */
export function hchacha(state: Int32Array, block: Int32Array): void {
  rounds(state, block);
  for (let i = 0; i < 4; i++) {
    state[4 + i] = at(block, i);
    state[8 + i] = at(block, 12 + i);
  }
}

function rounds(state: Int32Array, block: Int32Array): void {
  let [x0, x1, x2, x3] = [at(state, 0), at(state, 1), at(state, 2), at(state, 3)];
  let [x4, x5, x6, x7] = [at(state, 4), at(state, 5), at(state, 6), at(state, 7)];
  let [x8, x9, x10, x11] = [at(state, 8), at(state, 9), at(state, 10), at(state, 11)];
  let [x12, x13, x14, x15] = [at(state, 12), at(state, 13), at(state, 14), at(state, 15)];
  for (let round = 0; round < 20; round += 2) {
    x0 = (x0 + x4) | 0;
    x12 = turned(x12 ^ x0, 16);
    x8 = (x8 + x12) | 0;
    x4 = turned(x4 ^ x8, 12);
    x0 = (x0 + x4) | 0;
    x12 = turned(x12 ^ x0, 8);
    x8 = (x8 + x12) | 0;
    x4 = turned(x4 ^ x8, 7);
    x1 = (x1 + x5) | 0;
    x13 = turned(x13 ^ x1, 16);
    x9 = (x9 + x13) | 0;
    x5 = turned(x5 ^ x9, 12);
    x1 = (x1 + x5) | 0;
    x13 = turned(x13 ^ x1, 8);
    x9 = (x9 + x13) | 0;
    x5 = turned(x5 ^ x9, 7);
    x2 = (x2 + x6) | 0;
    x14 = turned(x14 ^ x2, 16);
    x10 = (x10 + x14) | 0;
    x6 = turned(x6 ^ x10, 12);
    x2 = (x2 + x6) | 0;
    x14 = turned(x14 ^ x2, 8);
    x10 = (x10 + x14) | 0;
    x6 = turned(x6 ^ x10, 7);
    x3 = (x3 + x7) | 0;
    x15 = turned(x15 ^ x3, 16);
    x11 = (x11 + x15) | 0;
    x7 = turned(x7 ^ x11, 12);
    x3 = (x3 + x7) | 0;
    x15 = turned(x15 ^ x3, 8);
    x11 = (x11 + x15) | 0;
    x7 = turned(x7 ^ x11, 7);
    x0 = (x0 + x5) | 0;
    x15 = turned(x15 ^ x0, 16);
    x10 = (x10 + x15) | 0;
    x5 = turned(x5 ^ x10, 12);
    x0 = (x0 + x5) | 0;
    x15 = turned(x15 ^ x0, 8);
    x10 = (x10 + x15) | 0;
    x5 = turned(x5 ^ x10, 7);
    x1 = (x1 + x6) | 0;
    x12 = turned(x12 ^ x1, 16);
    x11 = (x11 + x12) | 0;
    x6 = turned(x6 ^ x11, 12);
    x1 = (x1 + x6) | 0;
    x12 = turned(x12 ^ x1, 8);
    x11 = (x11 + x12) | 0;
    x6 = turned(x6 ^ x11, 7);
    x2 = (x2 + x7) | 0;
    x13 = turned(x13 ^ x2, 16);
    x8 = (x8 + x13) | 0;
    x7 = turned(x7 ^ x8, 12);
    x2 = (x2 + x7) | 0;
    x13 = turned(x13 ^ x2, 8);
    x8 = (x8 + x13) | 0;
    x7 = turned(x7 ^ x8, 7);
    x3 = (x3 + x4) | 0;
    x14 = turned(x14 ^ x3, 16);
    x9 = (x9 + x14) | 0;
    x4 = turned(x4 ^ x9, 12);
    x3 = (x3 + x4) | 0;
    x14 = turned(x14 ^ x3, 8);
    x9 = (x9 + x14) | 0;
    x4 = turned(x4 ^ x9, 7);
  }
  block[0] = x0;
  block[1] = x1;
  block[2] = x2;
  block[3] = x3;
  block[4] = x4;
  block[5] = x5;
  block[6] = x6;
  block[7] = x7;
  block[8] = x8;
  block[9] = x9;
  block[10] = x10;
  block[11] = x11;
  block[12] = x12;
  block[13] = x13;
  block[14] = x14;
  block[15] = x15;
}

const turned = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const at = (values: Readonly<Record<number, number>>, i: number): number => values[i] as number;
