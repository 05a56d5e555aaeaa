import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64urlFromBytes, concat } from '../../src/lib/core/bytes.ts';
import { safetyCodeFromText, textFromSafetyCode } from '../../src/lib/protocol/safetyCode.ts';
import { createRandom } from '../world/seeded.ts';

const random = createRandom('safety codes');
const code = { own: random.bytes(32), other: random.bytes(32) };

const spelled = (version: number, length: number) =>
  `cairn-safety:${base64urlFromBytes(concat(Uint8Array.of(version), random.bytes(length)))}`;

test('a safety code says the same after it was shown and scanned', () => {
  expect(safetyCodeFromText(` ${textFromSafetyCode(code)}\n`)).toEqual({ ok: true, value: code });
});

test.each([
  ['an invite', 'cairn1:AAAA', 'malformed'],
  ['nothing', '', 'malformed'],
  ['a prefix alone', 'cairn-safety:', 'malformed'],
  ['what is no base64url', 'cairn-safety:?', 'malformed'],
  ['too little', spelled(1, 63), 'malformed'],
  ['too much', spelled(1, 65), 'malformed'],
  ['a later version', spelled(2, 64), 'wrong-version'],
  ['a later version of another length', spelled(9, 3), 'wrong-version'],
])('%s is refused', (_what, text, error) => {
  expect(safetyCodeFromText(text)).toMatchObject({ ok: false, error: { code: error } });
});

test('whatever is scanned gets an answer', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((rest) => `cairn-safety:${rest}`),
      ),
      (text) => {
        const read = safetyCodeFromText(text);
        if (read.ok) expect(textFromSafetyCode(read.value)).toBe(text.trim());
      },
    ),
    { numRuns: 2_000 },
  );
});
