/** A piece of a message: text as it is, or an address that can be followed. */
export type BodyPart = { readonly text: string; readonly href?: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/giu;
/** Marks that end a sentence rather than an address. */
const TRAILING = /[.,;:!?…)\]}»”’]+$/u;

/** Splits text at web addresses. Only `http` and `https` become links, and their text is shown unchanged. */
export function bodyPartsOf(text: string): readonly BodyPart[] {
  const parts: BodyPart[] = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    if (!URL.canParse(address)) continue;
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    parts.push({ text: address, href: address });
    at = match.index + address.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** Without closing marks at the end, except brackets that were opened inside the address. */
function trimmed(address: string): string {
  const trailing = TRAILING.exec(address);
  if (trailing === null) return address;
  const opens = address.split('(').length - 1;
  const bare = address.slice(0, trailing.index);
  return opens > 0 && trailing[0].startsWith(')') ? `${bare})` : bare;
}

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
