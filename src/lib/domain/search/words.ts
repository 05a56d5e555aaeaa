import { fold } from './fold.ts';

/** A word of a text, as the index knows it. */
export interface Word {
  readonly term: string;
  /** Where it stands among the words. Several terms may share a place: an emoji and its parts. */
  readonly position: number;
  /** UTF-16 units in the text that was given, end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Longer words are cut, in the index and in the query alike. UTF-16 units. */
export const LONGEST_TERM = 40;

/** Scripts that put no space between words. */
const UNSPACED = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}々ー`;
/** `\p{RGI_Emoji}` would be exact, and takes seconds to compile in V8. */
const EMOJI = String.raw`\p{Regional_Indicator}{2}|[0-9#*]\u{FE0F}?\u{20E3}|\p{Extended_Pictographic}(?:\u{FE0F}|[\u{1F3FB}-\u{1F3FF}]|[\u{E0020}-\u{E007F}]|\u{200D}\p{Extended_Pictographic})*`;
const RUN = new RegExp(
  `(?<emoji>${EMOJI})|(?<unspaced>[${UNSPACED}][${UNSPACED}\\p{M}]*)|(?<word>(?:(?![${UNSPACED}])[\\p{L}\\p{N}])(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}\\u0640]|['’\\u200C](?=\\p{L}))*)`,
  'gu',
);
/** One written sign of an unspaced script, with the marks on it. */
const SIGN = /\P{M}\p{M}*/gu;
const NO_LETTER = /[^\p{L}\p{N}\p{M}]/gu;
/** Skin tones, and the sign that asks for a picture. */
const EMOJI_DRESS = /\u{FE0F}|[\u{1F3FB}-\u{1F3FF}]/gu;
const GENDER = new Set(['♂', '♀']);
// eslint-disable-next-line no-control-regex -- the range is what ASCII means
const ASCII = /^[\u0000-\u007f]*$/u;

/**
 * The words of a text, in order: runs of letters and digits without case and accents; pairs of
 * neighbours where a script puts no spaces (and the last sign alone, so that every sign begins a term);
 * emoji without skin tones, also by their parts. Rules of our own rather than `Intl.Segmenter`, whose
 * answers differ from browser to browser while the index stays.
 */
export function wordsOf(text: string): Word[] {
  return ASCII.test(text) ? asciiWords(text) : allWords(text);
}

function allWords(text: string): Word[] {
  const words: Word[] = [];
  let position = 0;
  for (const match of text.matchAll(RUN)) {
    const { emoji, unspaced, word } = match.groups ?? {};
    const start = match.index;
    const end = start + match[0].length;
    if (emoji !== undefined) {
      for (const term of emojiTerms(emoji)) words.push({ term, position, start, end });
      position++;
    } else if (unspaced !== undefined) {
      position = pushPairs(words, unspaced, start, position);
    } else if (word !== undefined) {
      const term = cut(fold(word).replace(NO_LETTER, ''));
      if (term !== '') words.push({ term, position: position++, start, end });
    }
  }
  return words;
}

/** Only the terms, some more than once: what an index wants, without a thing made for each. */
export function eachTermOf(text: string, visit: (term: string) => void): void {
  if (ASCII.test(text)) eachAsciiWord(text, visit);
  else for (const { term } of allWords(text)) visit(term);
}

function asciiWords(text: string): Word[] {
  const words: Word[] = [];
  eachAsciiWord(text, (term, start, end) => words.push({ term, position: words.length, start, end }));
  return words;
}

/** The same as {@link allWords}, several times as fast: most text of most people. */
function eachAsciiWord(text: string, visit: (term: string, start: number, end: number) => void): void {
  const lower = text.toLowerCase();
  let start = -1;
  let hasApostrophe = false;
  for (let i = 0; i <= lower.length; i++) {
    const code = i < lower.length ? lower.charCodeAt(i) : 0;
    const isLetter = code >= 97 && code <= 122;
    if (isLetter || (code >= 48 && code <= 57)) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      const next = lower.charCodeAt(i + 1);
      if (code === 39 && next >= 97 && next <= 122) {
        hasApostrophe = true;
        continue;
      }
      const run = lower.slice(start, i);
      visit(cut(hasApostrophe ? run.replaceAll("'", '') : run), start, i);
      start = -1;
      hasApostrophe = false;
    }
  }
}

/** 東京都 is 東京, 京都 and 都. @returns the position after the run. */
function pushPairs(words: Word[], run: string, offset: number, position: number): number {
  const signs = [...run.matchAll(SIGN)].map(({ 0: sign, index }) => ({
    text: fold(sign).replace(NO_LETTER, ''),
    start: offset + index,
    end: offset + index + sign.length,
  }));
  signs.forEach(({ text, start, end }, i) => {
    const next = signs[i + 1];
    const term = cut(text + (next?.text ?? ''));
    if (term !== '') words.push({ term, position: position + i, start, end: next?.end ?? end });
  });
  return position + signs.length;
}

/** The emoji without skin tones, then its parts where it is joined of several. */
function emojiTerms(emoji: string): string[] {
  const whole = emoji.replace(EMOJI_DRESS, '');
  const parts = whole.split('\u200D').filter((part) => part !== '' && !GENDER.has(part));
  return [...new Set([cut(whole), ...(parts.length > 1 ? parts : [])])];
}

function cut(term: string): string {
  if (term.length <= LONGEST_TERM) return term;
  const short = term.slice(0, LONGEST_TERM);
  return /[\uD800-\uDBFF]$/u.test(short) ? short.slice(0, -1) : short;
}
