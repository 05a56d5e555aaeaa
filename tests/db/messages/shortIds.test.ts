import fc from 'fast-check';
import { expect, it } from 'vitest';
import { base64urlFromBytes } from '../../../src/lib/core/bytes.ts';
import { longId, shortId } from '../../../src/lib/db/messages/shortIds.ts';

const digits = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

it.each([
  [22, 9],
  [43, 18],
])('keeps every id of %i digits in %i code units, no surrogates, and any other text as it is', (length, units) => {
  const ids = fc.array(digits, { minLength: length, maxLength: length }).map((all) => all.join(''));
  fc.assert(
    fc.property(ids, (id) => {
      const short = shortId(id);
      expect(short).toHaveLength(units);
      expect(short).toMatch(/^[\u1000-\u8fff]+$/);
      expect(longId(short)).toBe(id);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void expect(longId(shortId(text))).toBe(text)));
  expect(longId(shortId('not an id of 22 digits'))).toBe('not an id of 22 digits');
});

it('never gives two ids one key', () => {
  const ids = [base64urlFromBytes(new Uint8Array(16)), 'A'.repeat(21), 'A'.repeat(23), '\u1000'.repeat(9), ''];
  expect(new Set(ids.map(shortId)).size).toBe(ids.length);
});
