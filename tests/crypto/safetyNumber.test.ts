import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hexFromBytes, utf8 } from '../../src/lib/core/bytes.ts';
import { digitsOf, fingerprintOf } from '../../src/lib/crypto/safetyNumber.ts';
import { createRandom } from '../world/seeded.ts';

const random = createRandom('safety numbers');
const [ana, bo, cy] = [random.bytes(32), random.bytes(32), random.bytes(32)];

/** Protocol §1, read again and written with another library. */
function fingerprintAsSpecified(key: Uint8Array): Uint8Array {
  let hash: Uint8Array = createHash('sha512')
    .update('cairn/1 safety number')
    .update(Uint8Array.of(0))
    .update(key)
    .digest();
  for (let n = 2; n <= 5200; n++) hash = createHash('sha512').update(hash).update(key).digest();
  return Uint8Array.from(hash.subarray(0, 32));
}

function thirtyAsSpecified(fingerprint: Uint8Array): string {
  const groups = [];
  for (let i = 0; i < 6; i++) {
    const five = hexFromBytes(fingerprint.subarray(5 * i, 5 * i + 5));
    groups.push((BigInt(`0x${five}`) % 100_000n).toString().padStart(5, '0'));
  }
  return groups.join('');
}

test('a fingerprint and its digits are those of the specification', () => {
  for (const key of [ana, bo, new Uint8Array(32)]) expect(fingerprintOf(key)).toEqual(fingerprintAsSpecified(key));
  const [a, b] = [fingerprintOf(ana), fingerprintOf(bo)];
  const halves = [a, b].sort((x, y) => (hexFromBytes(x) < hexFromBytes(y) ? -1 : 1)).map(thirtyAsSpecified);
  expect(digitsOf(a, b)).toBe(halves.join(''));
});

test('a known key has known digits', () => {
  const [one, other] = [fingerprintOf(new Uint8Array(32)), fingerprintOf(new Uint8Array(32).fill(1))];
  expect(digitsOf(one, other)).toBe('455317096009619100187797653185518575431686692064599710753058');
});

test('both sides see the same 60 digits, and any other pair sees others', () => {
  const [a, b, c] = [fingerprintOf(ana), fingerprintOf(bo), fingerprintOf(cy)];
  expect(digitsOf(a, b)).toMatch(/^\d{60}$/);
  expect(digitsOf(b, a)).toBe(digitsOf(a, b));
  expect(new Set([digitsOf(a, b), digitsOf(a, c), digitsOf(b, c), digitsOf(a, a)]).size).toBe(4);
});

test('a group of digits that starts with zeros keeps them', () => {
  const small = new Uint8Array(32);
  small[4] = 7;
  expect(digitsOf(small, utf8('x'.repeat(32)))).toMatch(/^00007(?:00000){5}/);
});
