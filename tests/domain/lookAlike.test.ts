import { expect, test } from 'vitest';
import { skeletonOf } from '../../src/lib/domain/lookAlike.ts';

test.each([
  ['Bo', ' bo\u200b'],
  ['Paul', 'PAUI'],
  ['Paul', '\u0420aul'],
  ['Marta', 'Rnarta'.replace('R', 'r')],
  ['Zoë', 'Zoe'],
  ['O. Neil', '0neil'],
  ['ＡＮＡ', 'ana'],
])('%j and %j look alike', (one, other) => {
  expect(skeletonOf(one)).toBe(skeletonOf(other));
});

test.each([
  ['Ana', 'Anna'],
  ['Bo', 'Bob'],
  ['سارة', 'سالم'],
])('%j and %j do not', (one, other) => {
  expect(skeletonOf(one)).not.toBe(skeletonOf(other));
});
