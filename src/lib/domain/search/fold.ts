/**
 * Marks that tell letters apart for the eye and not for search: accents of Latin, Greek and Cyrillic,
 * Hebrew points, Arabic and Syriac vowel signs, the Arabic tatweel. Vowels of Indic, Thai and Khmer and
 * the voicing of kana are marks too, and stay: without them it would be another word.
 */
const MARKS = new RegExp(
  // eslint-disable-next-line no-misleading-character-class -- marks are what is meant
  String.raw`[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]`,
  'gu',
);

/** Letters that no normal form takes apart, as people spell them without the right keyboard. */
const SPELLINGS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ı: 'i',
  ς: 'σ',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ٱ: 'ا',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
};
const RESPELLED = new RegExp(`[${Object.keys(SPELLINGS).join('')}]`, 'gu');

const ARABIC_DIGITS = /[\u0660-\u0669\u06f0-\u06f9]/gu;
// eslint-disable-next-line no-control-regex -- the range is what ASCII means
const ASCII = /^[\u0000-\u007f]*$/u;

/**
 * Text as search compares it: compatibility forms, case, accents and spellings that people do not
 * tell apart are one. The same on every device and in every browser. Folding twice changes nothing.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(MARKS, '')
    .replace(RESPELLED, (letter) => SPELLINGS[letter] ?? letter)
    .replace(ARABIC_DIGITS, (digit) => String((digit.codePointAt(0) ?? 0) & 15))
    .normalize('NFC');
}
