import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { flipped, seededRandom } from './senderKeyWorld.ts';

const random = seededRandom('seal');
const databaseKey = random.bytes(32);
const sealer = createSealer(databaseKey, random);
const bound = utf8('messages, row 7');

test('a sealed value opens in its own table, under its own key and beside its own bound data', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (plaintext) => {
      const sealed = sealer.seal('messages', bound, plaintext);
      expect(sealer.open('messages', bound, sealed)?.join()).toBe(plaintext.join());
      expect(sealer.open('settings', bound, sealed)).toBeUndefined();
      expect(sealer.open('messages', bound.subarray(1), sealed)).toBeUndefined();
      expect(createSealer(random.bytes(32), random).open('messages', bound, sealed)).toBeUndefined();
    }),
  );
});

test('a sealed value opens again after the app was restarted', () => {
  const sealed = sealer.seal('messages', bound, utf8('hello'));
  expect(createSealer(databaseKey.slice(), random).open('messages', bound, sealed)).toEqual(utf8('hello'));
});

test('a damaged value does not open and does not throw', () => {
  const sealed = sealer.seal('messages', bound, utf8('hello'));
  expect(sealed[0]).toBe(1);
  fc.assert(
    fc.property(fc.nat(sealed.length * 8 - 1), fc.nat(sealed.length), (bit, length) => {
      expect(sealer.open('messages', bound, flipped(sealed, bit))).toBeUndefined();
      if (length < sealed.length) expect(sealer.open('messages', bound, sealed.subarray(0, length))).toBeUndefined();
      expect(sealer.open('messages', bound, concat(sealed, Uint8Array.of(bit & 255)))).toBeUndefined();
    }),
  );
});

test('the same value is never sealed to the same bytes', () => {
  const sealed = new Set(Array.from({ length: 100 }, () => sealer.seal('messages', bound, bound).join()));
  expect(sealed.size).toBe(100);
});

test('a keyed hash is stable, and differs for each purpose, value and database', () => {
  const hash = sealer.keyedHash('handle', utf8('ana'));
  expect(hash).toMatch(/^[A-Za-z0-9_-]{22}$/);
  const other: Bytes = random.bytes(32);
  const hashes = [
    createSealer(databaseKey, random).keyedHash('handle', utf8('ana')),
    sealer.keyedHash('name', utf8('ana')),
    sealer.keyedHash('handle', utf8('bo')),
    createSealer(other, random).keyedHash('handle', utf8('ana')),
  ];
  expect(hashes.map((candidate) => candidate === hash)).toEqual([true, false, false, false]);
});

test('a key of another length is a bug', () => {
  expect(() => createSealer(random.bytes(16), random)).toThrow(RangeError);
});
