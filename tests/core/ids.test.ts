import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesFromId,
  ID_BYTES,
  idFromBytes,
  isHashId,
  isRandomId,
  newId,
  type MessageId,
} from '../../src/lib/core/ids.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const kinds = [
  { name: 'a random id', length: 16, letters: 22, is: isRandomId, other: isHashId },
  { name: 'a hash id', length: 32, letters: 43, is: isHashId, other: isRandomId },
];

describe.each(kinds)('$name', ({ length, letters, is, other }) => {
  const bytes = fc.uint8Array({ minLength: length, maxLength: length });

  test('spells its bytes, and is told from the other kind by its length', () => {
    fc.assert(
      fc.property(bytes, (one) => {
        const id = idFromBytes(one);
        expect(id).toHaveLength(letters);
        expect([is(id), other(id)]).toEqual([true, false]);
        expect(bytesFromId(id).join()).toBe(one.join());
      }),
    );
  });

  test('has one spelling: no other last letter names the same bytes', () => {
    fc.assert(
      fc.property(bytes, (one) => {
        const head = idFromBytes(one).slice(0, -1);
        const spellings = [...ALPHABET].filter((last) => is(head + last));
        const different = new Set(spellings.map((last) => bytesFromId(head + last).join()));
        expect(spellings).toHaveLength(length === 16 ? 4 : 16);
        expect(different.size).toBe(spellings.length);
        for (const last of ALPHABET) if (!spellings.includes(last)) expect(() => bytesFromId(head + last)).toThrow();
      }),
      { numRuns: 30 },
    );
  });

  test('is nothing longer, shorter, padded, spaced, or of other letters', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.nat(letters - 1),
        fc.constantFrom('=', '+', '/', ' ', '\n', 'é', '.'),
        (one, at, letter) => {
          const id = idFromBytes(one);
          for (const wrong of [
            '',
            id.slice(1),
            `${id}A`,
            `${id}=`,
            `${id}\n`,
            ` ${id}`,
            `${id}${id}`,
            id.slice(0, at) + letter + id.slice(at + 1),
          ]) {
            expect(is(wrong), JSON.stringify(wrong)).toBe(false);
          }
        },
      ),
    );
  });
});

test('a new id takes 128 bits from the source of chance it was given', () => {
  const asked: number[] = [];
  const random = {
    bytes: (length: number) => {
      asked.push(length);
      return new Uint8Array(length).fill(asked.length);
    },
  };
  const [first, second] = [newId<MessageId>(random), newId<MessageId>(random)];
  expect(asked).toEqual([ID_BYTES, ID_BYTES]);
  expect(bytesFromId(first)).toEqual(new Uint8Array(16).fill(1));
  expect(isRandomId(second)).toBe(true);
  expect(second).not.toBe(first);
});

test.each(['A', 'AB', '====', 'not an id'])('the bytes of %j are a bug to ask for', (text) => {
  expect(() => bytesFromId(text)).toThrow(TypeError);
});
