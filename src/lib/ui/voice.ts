/** How many sender colours there are: `--voice-0` … in tokens.css. */
export const VOICES = 8;

/** The colour of an account or conversation: the same on every device, because it comes from the id alone. */
export function voiceOf(id: string): number {
  let sum = 0;
  for (let at = 0; at < id.length; at++) sum = (sum * 31 + id.charCodeAt(at)) >>> 0;
  return sum % VOICES;
}

/** One or two letters that stand for a name: first letters of its first and last word, as people see letters. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0];
  if (first === undefined) return '?';
  const last = words.length > 1 ? words.at(-1) : undefined;
  return (letter(first) + (last === undefined ? '' : letter(last))).toLocaleUpperCase();
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function letter(word: string): string {
  for (const { segment } of segmenter.segment(word)) return segment;
  return '';
}
