import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold } from '../../../src/lib/domain/search/fold.ts';
import { LONGEST_TERM, wordsOf } from '../../../src/lib/domain/search/words.ts';

const terms = (text: string) => wordsOf(text).map(({ term }) => term);

describe('folding', () => {
  it.each([
    ['Ünïcode', 'unicode'],
    ['STRASSE', 'strasse'],
    ['Straße', 'strasse'],
    ['ISPARTA ıspanak İzmir', 'isparta ispanak izmir'],
    ['ΟΔΟΣ οδός', 'οδοσ οδοσ'],
    ['smørrebrød Łódź æther', 'smorrebrod lodz aether'],
    ['ﬁne ｆｕｌｌ ①', 'fine full 1'],
    ['مَكْتَبَة', 'مكتبه'],
    ['أحمد إلى آدم', 'احمد الي ادم'],
    ['جمـــيل', 'جميل'],
    ['١٢٣ ۴۵۶', '123 456'],
    ['שָׁלוֹם', 'שלום'],
    ['ガギグ か゛', fold('ガギグ か゛')],
  ])('%s is searched for as %s', (text, folded) => expect(fold(text)).toBe(folded));

  it('tells voiced kana, Thai vowels and Indic vowels apart', () => {
    expect(fold('が')).not.toBe(fold('か'));
    expect(fold('กิน')).not.toBe(fold('กน'));
    expect(fold('कि')).not.toBe(fold('क'));
    expect(fold('한글')).toBe('한글');
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
    );
  });

  it('is the same for composed and decomposed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fold(text.normalize('NFD'))).toBe(fold(text.normalize('NFC')));
      }),
    );
  });
});

describe('the words of a text', () => {
  it.each<[string, string[]]>([
    ['The quick, brown fox.', ['the', 'quick', 'brown', 'fox']],
    ["Don’t / don't", ['dont', 'dont']],
    ["'quoted' it's' end'", ['quoted', 'its', 'end']],
    ['3.14 and 1,000', ['3', '14', 'and', '1', '000']],
    ['snake_case kebab-case', ['snake', 'case', 'kebab', 'case']],
    ['https://www.Example.org/a?b=c1', ['https', 'www', 'example', 'org', 'a', 'b', 'c1']],
    ['東京都', ['東京', '京都', '都']],
    ['iPhone版です', ['iphone', '版で', 'です', 'す']],
    ['한국어', ['한국', '국어', '어']],
    ['ฉันรัก', ['ฉัน', 'นรั', 'รัก', 'ก']],
    ['水', ['水']],
    ['good 👍🏽!', ['good', '👍']],
    ['👩🏿‍🚀', ['👩‍🚀', '👩', '🚀']],
    ['🏃🏻‍♀️', ['🏃‍♀']],
    ['🇨🇭🇯🇵 1️⃣', ['🇨🇭', '🇯🇵', '1⃣']],
    ['', []],
    ['… — !', []],
  ])('%s', (text, wanted) => expect(terms(text)).toEqual(wanted));

  it('does not split letters from their marks, whichever way they are written', () => {
    expect(terms('café'.normalize('NFD'))).toEqual(['cafe']);
  });

  it('cuts very long words, never inside a character', () => {
    expect(terms('a'.repeat(500))).toEqual(['a'.repeat(LONGEST_TERM)]);
    expect(terms('x' + '𐐨'.repeat(100))[0]).toMatch(/^x(?:𐐨)+$/u);
  });

  it('has its spans in order and inside the text, and terms that are folded and not empty', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        let [start, position] = [0, 0];
        for (const word of wordsOf(text)) {
          expect(word.term).not.toBe('');
          expect(word.term.length).toBeLessThanOrEqual(LONGEST_TERM);
          expect(word.start).toBeGreaterThanOrEqual(start);
          expect(word.position).toBeGreaterThanOrEqual(position);
          expect(word.end).toBeGreaterThan(word.start);
          expect(word.end).toBeLessThanOrEqual(text.length);
          ({ start, position } = word);
        }
      }),
    );
  });

  it('is the same for ASCII text by the short way and by the long one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        const words = wordsOf(text);
        // One letter of another script at the end makes the whole text go the long way.
        expect(wordsOf(`${text} é`).slice(0, -1)).toEqual(words);
      }),
    );
  });

  it('does not depend on case', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(terms(text.toUpperCase())).toEqual(terms(text.toLowerCase()));
      }),
    );
  });
});
