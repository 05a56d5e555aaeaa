/** Pictures, flags and keycaps. (`\p{RGI_Emoji}` would be exact, and takes seconds to compile in V8.) */
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\u{FE0F}?\u{20E3})/u;
const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One to three emoji and nothing else: shown large. */
export function isEmojiOnly(text: string): boolean {
  const bare = text.replace(/\s/gu, '');
  if (bare === '' || bare.length > 48) return false;
  const seen = [...letters.segment(bare)];
  return seen.length <= 3 && seen.every(({ segment }) => EMOJI.test(segment));
}
