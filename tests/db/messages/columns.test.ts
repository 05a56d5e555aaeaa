import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packColumn, unpackColumn, type PackedColumn } from '../../../src/lib/db/messages/columns.ts';

const throughDisk = (values: readonly unknown[]): readonly unknown[] =>
  unpackColumn(decode(encode(packColumn(values), rfc8949EncodeOptions)) as PackedColumn, values.length);

const some = <T>(values: fc.Arbitrary<T>) => fc.array(values, { minLength: 1, maxLength: 70 });

it.each([
  ['texts', some(fc.string({ unit: 'binary' }))],
  [
    'texts that begin with byte order marks',
    fc.uniqueArray(
      fc.string().map((text) => `\ufeff${text}`),
      { minLength: 2 },
    ),
  ],
  ['few names', some(fc.constantFrom('ana', 'ben', 'caro'))],
  ['times', some(fc.integer({ min: 0, max: 2 ** 48 }))],
  ['integers of every size', some(fc.maxSafeInteger())],
  ['real numbers', some(fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)))],
  ['values that some rows lack', some(fc.option(fc.string(), { nil: undefined }))],
  [
    'objects, lists, bytes',
    some(fc.oneof(fc.uint8Array(), fc.array(fc.string()), fc.dictionary(fc.string(), fc.boolean()))),
  ],
] as [string, fc.Arbitrary<unknown[]>][])('a column of %s comes back as it was', (_, columns) => {
  fc.assert(fc.property(columns, (values) => void expect(throughDisk(values)).toEqual(values)));
});

it('half a character harms no text but its own', () => {
  fc.assert(
    fc.property(some(fc.constantFrom('\ud83d', '\ude00', 'a\ud83d', 'b', '😀')), (values) => {
      const wellFormed = (texts: readonly unknown[]) => texts.map((text) => String(text).toWellFormed());
      expect(wellFormed(throughDisk(values))).toEqual(wellFormed(values));
    }),
  );
});

it('is a fraction of the bytes where a column has a form', () => {
  const size = (values: readonly unknown[]) => encode(packColumn(values)).length;
  expect(size(Array.from({ length: 64 }, (_, i) => `account-of-forty-three-digits-number-${i % 20}`))).toBeLessThan(
    900,
  );
  expect(size(Array.from({ length: 64 }, (_, i) => 1_700_000_000_000 + i * 600_000))).toBeLessThan(220);
  expect(size(new Array(64).fill('delivered'))).toBeLessThan(20);
});
