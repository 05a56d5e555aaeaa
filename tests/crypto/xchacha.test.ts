import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expect, it } from 'vitest';
import { bytesFromHex, concat, hexFromBytes } from '../../src/lib/core/bytes.ts';
import { absorbPadded, finishPoly1305, startPoly1305 } from '../../src/lib/crypto/poly1305.ts';
import { xchachaOpen, xchachaSeal } from '../../src/lib/crypto/xchacha.ts';
import { createRandom } from '../world/seeded.ts';

const random = createRandom('xchacha');

/** Of whole blocks. */
function tagOf(key: Uint8Array, message: Uint8Array): string {
  const view = new DataView(key.buffer, key.byteOffset);
  startPoly1305(Int32Array.from({ length: 8 }, (_, i) => view.getInt32(4 * i, true)));
  absorbPadded(message);
  const tag = new Int32Array(4);
  finishPoly1305(tag);
  const bytes = new Uint8Array(16);
  tag.forEach((word, i) => new DataView(bytes.buffer).setInt32(4 * i, word, true));
  return hexFromBytes(bytes);
}

const hex = (text: string) => bytesFromHex(text) ?? new Uint8Array(0);
const key = (r: string, s: string) => hex(r.padEnd(32, '0') + s.padEnd(32, '0'));

// RFC 8439 A.3, vectors 7 to 9: sums at and around the prime, and a carry out of s.
it.each([
  ['2^130 - 2 is reduced', key('02', ''), 'ff'.repeat(16), '03'.padEnd(32, '0')],
  ['s is added modulo 2^128', key('02', 'ff'.repeat(16)), '02'.padEnd(32, '0'), '03'.padEnd(32, '0')],
  [
    'a carry runs through',
    key('01', ''),
    `${'ff'.repeat(16)}f0${'ff'.repeat(15)}${'11'.padEnd(32, '0')}`,
    '05'.padEnd(32, '0'),
  ],
])('the hash is right where %s', (_, of, message, tag) => {
  expect(tagOf(of, hex(message))).toBe(tag);
});

it('hashes as the cipher library does, sums that lie near the prime among them', () => {
  const rare = ['00', '01', '02', '03', '05', 'fa', 'fb', 'fc', 'fe', 'ff'];
  for (let round = 0; round < 4000; round++) {
    const picks = random.bytes(140);
    const of = (length: number, from: number) =>
      hex(Array.from({ length }, (_, i) => rare[(picks[from + (i % 16)] ?? 0) % (round % 2 === 0 ? 10 : 2)]).join(''));
    const [oneKey, message] = [round % 4 < 2 ? of(32, 0) : picks.slice(0, 32), of(16 * (1 + (round % 5)), 32)];
    expect(tagOf(oneKey, message)).toBe(hexFromBytes(poly1305(message, oneKey)));
  }
});

it('seals and opens as the cipher library does, whatever the lengths and the places in their buffers', () => {
  for (let round = 0; round < 600; round++) {
    const [at, all] = [round % 8, random.bytes(400)];
    const [secret, nonce] = [all.subarray(at, at + 32), all.subarray(40, 64)];
    const [bound, text] = [all.subarray(64, 64 + (round % 37)), all.subarray(101 + at, 101 + at + (round % 280))];
    const sealed = xchachaSeal(secret, nonce, bound, text);
    expect(sealed).toEqual(xchacha20poly1305(secret, nonce, bound).encrypt(text));
    const shifted = concat(new Uint8Array(at), sealed).subarray(at);
    expect(xchachaOpen(secret, nonce, bound, shifted)).toEqual(new Uint8Array(text));
  }
});

it('opens nothing of which one bit is another', () => {
  const [secret, nonce, bound] = [random.bytes(32), random.bytes(24), random.bytes(20)];
  const sealed = xchachaSeal(secret, nonce, bound, random.bytes(70));
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const forged = sealed.slice();
    forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(xchachaOpen(secret, nonce, bound, forged)).toBeUndefined();
  }
});
