import { expect, test } from 'vitest';
import { positionsToAsk, suggestWords, wordsOf } from '../../src/lib/domain/phraseWords.ts';

const list = ['abandon', 'ability', 'able', 'stone', 'store', 'story', 'zoo'];

test('words are found in what a person pasted, however they wrote them down', () => {
  expect(wordsOf('1. Stone  2. store\n3) ZOO,able')).toEqual(['stone', 'store', 'zoo', 'able']);
  expect(wordsOf('  ')).toEqual([]);
});

test('a word that is not in the list brings up those it may have been', () => {
  expect(suggestWords(list, 'ab')).toEqual(['abandon', 'ability', 'able']);
  expect(suggestWords(list, 'stne')).toEqual(['stone']);
  expect(suggestWords(list, 'stoone')).toEqual(['stone']);
  expect(suggestWords(list, 'sotne')).toEqual(['stone']);
  expect(suggestWords(list, 'stoxe')).toEqual(['stone', 'store']);
  expect(suggestWords(list, 'quartz')).toEqual([]);
  expect(suggestWords(list, '')).toEqual([]);
});

test('a rehearsal asks for different words, in their order', () => {
  for (let seed = 0; seed < 200; seed++) {
    const asked = positionsToAsk(Uint8Array.of(seed, seed * 7, seed * 13, seed), 3);
    expect(new Set(asked).size).toBe(3);
    expect([...asked].sort((a, b) => a - b)).toEqual(asked);
    expect(asked.every((at) => at >= 1 && at <= 24)).toBe(true);
  }
});
