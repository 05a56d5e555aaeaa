/** A piece of a message: text as it is, or an address that can be followed. */
export type BodyPart = { readonly text: string; readonly href?: string };

/** Without characters that turn the direction of what follows: an address reads as it is. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\p{Bidi_Control}]+/giu;
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
