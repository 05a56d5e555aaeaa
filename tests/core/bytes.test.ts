import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  base64urlFromBytes,
  bytesFromBase64url,
  bytesFromHex,
  compare,
  concat,
  equal,
  hexFromBytes,
  textFromUtf8,
  u32,
  u64,
  utf8,
} from '../../src/lib/core/bytes.ts';

const anyBytes = fc.uint8Array({ maxLength: 200 });
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('bytes written as text', () => {
  test('come back as they were, in base64url and in hex', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(bytesFromBase64url(base64urlFromBytes(bytes))?.join()).toBe(bytes.join());
        expect(bytesFromHex(hexFromBytes(bytes))?.join()).toBe(bytes.join());
      }),
    );
  });

  test.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('are those of RFC 4648 §10, without padding: %j', (text, written) => {
    expect(base64urlFromBytes(utf8(text))).toBe(written);
  });

  test('use the two letters that are safe in an address', () => {
    expect(base64urlFromBytes(new Uint8Array([0xfb, 0xff, 0xfe]))).toBe('-__-');
  });
});

describe('given a text that may be base64url', () => {
  test('when it is read at all, then it is the one spelling of its bytes', () => {
    const near = fc.string({ unit: fc.constantFrom(...ALPHABET, '+', '/', '=', ' '), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 40 })), (text) => {
        const bytes = bytesFromBase64url(text);
        if (bytes !== undefined) expect(base64urlFromBytes(bytes)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test('when its last letter carries bits of no byte, then it is refused: 4 of 64 and 16 of 64 are right', () => {
    const read = (head: string) => [...ALPHABET].filter((last) => bytesFromBase64url(head + last) !== undefined);
    expect(read('A').join('')).toBe('AQgw');
    expect(read('AA').join('')).toBe('AEIMQUYcgkosw048');
    expect(read('AAA')).toHaveLength(64);
  });

  test.each(['A', 'AAAAA', 'AA==', 'AA=', '+A', '/A', 'A A', 'AA\n', ' AA', 'ÀA', '🙂', 'A\u0000', '😀AA'])(
    'when it is %j, then it is refused',
    (text) => {
      expect(bytesFromBase64url(text)).toBeUndefined();
    },
  );
});

describe('given a text that may be hex', () => {
  test('when it is read, then it is written back in small letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), maxLength: 40 }), (text) => {
        const bytes = bytesFromHex(text);
        expect(bytes === undefined).toBe(text.length % 2 === 1);
        if (bytes !== undefined) expect(hexFromBytes(bytes)).toBe(text.toLowerCase());
      }),
    );
  });

  test.each(['0', '0g', '0x', ' 0', '0 ', '00\n', '-1', '+1', '1.', '٠٠'])('when it is %j, it is refused', (text) => {
    expect(bytesFromHex(text)).toBeUndefined();
  });
});

describe('text as UTF-8', () => {
  test('comes back as it was, a byte order mark at its start too', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((rest) => `\uFEFF${rest}`),
        ),
        (one) => {
          expect(textFromUtf8(utf8(one))).toBe(one);
        },
      ),
    );
  });

  test.each(['ff', '80', 'c080', 'e28a', 'eda080', 'f4908080'])('is refused where it is none: %s', (hex) => {
    expect(textFromUtf8(bytesFromHex(hex) ?? new Uint8Array())).toBeUndefined();
  });
});

describe('two byte strings', () => {
  test('are put one after the other and leave their sources alone', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 5 }), (parts) => {
        const before = parts.map((part) => part.join());
        const whole = concat(...parts);
        expect([...whole]).toEqual(parts.flatMap((part) => [...part]));
        whole.fill(7);
        expect(parts.map((part) => part.join())).toEqual(before);
      }),
    );
  });

  test('are equal when length and every byte are', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (a, at, by) => {
          expect(equal(a, a.slice())).toBe(true);
          const b = a.slice();
          b[at % b.length] = (b[at % b.length] ?? 0) ^ by;
          expect(equal(a, b)).toBe(false);
          expect(equal(a, a.subarray(1))).toBe(false);
          expect(equal(a, concat(a, new Uint8Array(1)))).toBe(false);
        },
      ),
    );
  });

  test('sort byte by byte, the shorter one first', () => {
    const few = fc.uint8Array({ maxLength: 4, max: 3 });
    fc.assert(
      fc.property(fc.oneof(few, anyBytes), fc.oneof(few, anyBytes), (a, b) => {
        expect(Math.sign(compare(a, b))).toBe(Buffer.compare(a, b));
        expect(compare(a, b) === 0).toBe(equal(a, b));
      }),
      { numRuns: 500 },
    );
  });
});

test('numbers are written with the highest byte first', () => {
  expect(hexFromBytes(u32(0x01020304))).toBe('01020304');
  expect(hexFromBytes(u32(0xffffffff))).toBe('ffffffff');
  expect(hexFromBytes(u64(0x01020304050607))).toBe('0001020304050607');
  expect(hexFromBytes(u64(Number.MAX_SAFE_INTEGER))).toBe('001fffffffffffff');
  expect(() => u64(1.5)).toThrow(RangeError);
});
