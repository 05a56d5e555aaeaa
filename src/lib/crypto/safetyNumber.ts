import { sha512 } from '@noble/hashes/sha2.js';
import { compare, concat, utf8, type Bytes } from '../core/bytes.ts';

/**
 * Safety numbers: what two people compare to know that nobody stands between them (protocol.md §1).
 * Each account has a fingerprint of its own, so that half of every safety number is the same digits; the
 * hash is iterated because people compare 100 bits of it, and whoever looks for a key with the same digits
 * should pay for each try. 5,200 rounds are what Signal asks for.
 */

const LABEL = utf8('cairn/1 safety number\0');
const ROUNDS = 5_200;
const DIGITS_OF = 30;

/** 32 bytes of `h₅₂₀₀`, where `h₁ = SHA-512(label ‖ 0 ‖ key)` and `hₙ = SHA-512(hₙ₋₁ ‖ key)`. */
export function fingerprintOf(accountKey: Uint8Array): Bytes {
  let hash = sha512(concat(LABEL, accountKey));
  const block = new Uint8Array(hash.length + accountKey.length);
  block.set(accountKey, hash.length);
  for (let round = 1; round < ROUNDS; round++) {
    block.set(hash);
    hash = sha512(block);
  }
  return hash.slice(0, 32);
}

/**
 * The 60 digits of two fingerprints, the same from both sides: the smaller one's thirty first. Five bytes,
 * big endian, modulo 100,000 make five digits.
 */
export const digitsOf = (a: Bytes, b: Bytes): string => [a, b].sort(compare).map(thirtyDigits).join('');

function thirtyDigits(fingerprint: Bytes): string {
  const view = new DataView(fingerprint.buffer, fingerprint.byteOffset, DIGITS_OF);
  let digits = '';
  for (let at = 0; at < DIGITS_OF; at += 5) {
    const value = view.getUint8(at) * 2 ** 32 + view.getUint32(at + 1);
    digits += String(value % 100_000).padStart(5, '0');
  }
  return digits;
}
