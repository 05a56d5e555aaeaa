import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { bytesFromHex, concat, hexFromBytes, type Bytes } from '../../src/lib/core/bytes.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';

const LIMIT = 10_000;
const anything = v.unknown();
const hex = (digits: string): Bytes => bytesFromHex(digits) ?? new Uint8Array();
const read = (bytes: Uint8Array) => valueFromCbor(anything, bytes, LIMIT);
const outcome = (bytes: Uint8Array) => {
  const result = read(bytes);
  return result.ok ? 'read' : result.error.code;
};

const text = fc.string({ unit: 'binary', maxLength: 40 });
const leaf = fc.oneof(
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.oneof(
    text,
    text.map((rest) => `\uFEFF${rest}`),
  ),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 5 }),
  map: fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), tie('any'), { maxKeys: 5, noNullPrototype: true }),
})).any;

describe('a value on the wire', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(read(cborFromValue(one))).toEqual({ ok: true, value: one });
      }),
      { numRuns: 500 },
    );
  });

  test('has one encoding, in whatever order its members were written', () => {
    expect(hexFromBytes(cborFromValue({ b: 1, aa: 2, a: 3 }))).toBe('a361610361620162616102');
    expect(cborFromValue({ a: 3, b: 1, aa: 2 })).toEqual(cborFromValue({ aa: 2, b: 1, a: 3 }));
    expect(cborFromValue({ a: 1, gone: undefined })).toEqual(cborFromValue({ a: 1 }));
    expect(cborFromValue(-0)).toEqual(cborFromValue(0));
  });

  test('when any bytes can be read, then they are the ones that would be written', () => {
    const mutated = fc.tuple(value, fc.nat(), fc.nat(255), fc.nat(3)).map(([one, at, byte, how]) => {
      const bytes = cborFromValue(one);
      const place = at % bytes.length;
      if (how === 0) return bytes.slice(0, place);
      const head = bytes.slice(0, place);
      if (how === 1) return concat(head, new Uint8Array([byte]), bytes.slice(place));
      return concat(head, new Uint8Array([byte]), bytes.slice(place + 1));
    });
    const consistent = (bytes: Uint8Array) => {
      const result = read(bytes);
      if (result.ok) expect(hexFromBytes(cborFromValue(result.value))).toBe(hexFromBytes(bytes));
      else expect(result.error).toMatchObject({ code: 'malformed', retry: 'never' });
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), consistent), { numRuns: 2500 });
    fc.assert(fc.property(mutated, consistent), { numRuns: 2500 });
  });
});

test('bytes read from a buffer are copies: what reuses the buffer later does not change them', () => {
  const buffer = Buffer.concat([Buffer.from('before'), cborFromValue(hex('0102')), Buffer.from('after')]);
  const result = valueFromCbor(v.instance(Uint8Array), buffer.subarray(6, 9), LIMIT);
  buffer.fill(0xff);
  expect(result).toEqual({ ok: true, value: hex('0102') });
});

describe('given a second spelling', () => {
  test.each([
    ['an integer in more bytes than it needs', '1817'],
    ['an integer in two bytes that fits in one', '1900ff'],
    ['an integer in four bytes that fits in two', '1a0000ffff'],
    ['an integer in eight bytes that fits in four', '1b00000000ffffffff'],
    ['a negative integer in more bytes than it needs', '3800'],
    ['a long length of bytes', '580100'],
    ['a long length of a text', '780161'],
    ['a long length of a list', '980101'],
    ['a long length of a map', 'b801616101'],
    ['keys that are not sorted', 'a2616201616102'],
    ['keys sorted by their text, not by their encoding', 'a262616101616202'],
    ['a key twice', 'a2616101616102'],
    ['a key twice with one value', 'a2616101616101'],
    ['a key that is a number', 'a10102'],
    ['a list without length', '9f01ff'],
    ['a map without length', 'bf616101ff'],
    ['bytes without length', '5f4101ff'],
    ['a text without length', '7f6161ff'],
    ['an integer as a half float', 'f93c00'],
    ['an integer as a single float', 'fa3f800000'],
    ['an integer as a double float', 'fb3ff0000000000000'],
    ['minus zero', 'f98000'],
    ['a half as a double float', 'fb3fe0000000000000'],
    ['not a number', 'f97e00'],
    ['infinity', 'f97c00'],
    ['minus infinity', 'f9fc00'],
    ['a tag: a date', 'c074323032362d30362d30315431323a30303a30305a'],
    ['a tag: a big integer', 'c24101'],
    ['a tag: CBOR of itself', 'd9d9f701'],
    ['undefined', 'f7'],
    ['undefined within', 'a16161f7'],
    ['a simple value of no meaning', 'f0'],
    ['a false in two bytes', 'f814'],
    ['a byte behind it', '0100'],
    ['a second value behind it', 'a0a0'],
    ['a break alone', 'ff'],
    ['a text that is no UTF-8', '61ff'],
    ['a text that begins like a byte order mark and is no UTF-8', '63efbbff'],
    ['a text with half a surrogate pair', '63eda080'],
    ['nothing', ''],
    ['a list that promises more than there is', '9affffffff'],
    ['bytes that promise more than there are', '5affffffff'],
    ['a length beyond counting', '9bffffffffffffffff'],
  ])('with %s, then it is malformed', (_, digits) => {
    expect(outcome(hex(digits))).toBe('malformed');
  });

  test('lists within lists without end are malformed, not a crash', () => {
    const deep = new Uint8Array(300_000).fill(0x81);
    expect(valueFromCbor(anything, deep, deep.length)).toMatchObject({ error: { code: 'malformed' } });
    deep[deep.length - 1] = 0x80;
    expect(valueFromCbor(anything, deep, deep.length)).toMatchObject({ error: { code: 'malformed' } });
  });
});

describe('given a schema and a limit', () => {
  const schema = v.strictObject({ name: v.string(), list: v.optional(v.array(v.strictObject({ n: v.number() }))) });

  test('when the bytes are one more than allowed, then they are too large, before anybody reads them', () => {
    const bytes = cborFromValue({ name: 'hut' });
    expect(valueFromCbor(schema, bytes, bytes.length)).toEqual({ ok: true, value: { name: 'hut' } });
    expect(valueFromCbor(schema, bytes, bytes.length - 1)).toMatchObject({ error: { code: 'wire-too-large' } });
    expect(valueFromCbor(schema, new Uint8Array(9).fill(0xff), 8)).toMatchObject({ error: { code: 'wire-too-large' } });
  });

  test('when a member is unknown, missing or wrong, then the fault says where, and not what', () => {
    const faulty = (one: unknown) => {
      const result = valueFromCbor(schema, cborFromValue(one), LIMIT);
      return result.ok ? 'read' : result.error;
    };
    expect(faulty({ name: 'hut', secret: 'x' })).toMatchObject({ code: 'malformed', detail: 'secret: strict_object' });
    expect(faulty({})).toMatchObject({ code: 'malformed', detail: 'name: strict_object' });
    const wrong = faulty({ name: 'hut', list: [{ n: 1 }, { n: 'private words' }] });
    expect(wrong).toMatchObject({ code: 'malformed', detail: 'list.1.n: number' });
    expect(JSON.stringify(wrong)).not.toContain('private');
    expect(faulty(JSON.parse('{"name":"hut","__proto__":{"list":[]}}'))).toMatchObject({ code: 'malformed' });
  });
});
