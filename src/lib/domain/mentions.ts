/** A stretch of text that names a member: `@` and the whole name. Offsets in UTF-16 units, `to` excluded. */
export interface Mention {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/**
 * Where a text mentions somebody: an `@` that begins a word, and one of the names after it, as it is written.
 * Of two names that fit the longer one is meant.
 */
export function mentionsIn(text: string, names: readonly string[]): readonly Mention[] {
  if (!text.includes('@')) return [];
  const longestFirst = names.filter((name) => name !== '').sort((a, b) => b.length - a.length);
  const mentions: Mention[] = [];
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    if (WORD_BEFORE.test(text.slice(Math.max(0, at - 2), at))) continue;
    const name = longestFirst.find((one) => text.startsWith(one, at + 1) && !goesOn(text, at + 1 + one.length));
    if (name !== undefined) mentions.push({ from: at, to: at + 1 + name.length, name });
  }
  return mentions;
}

const WORD_BEFORE = /[\p{L}\p{N}_]$/u;
const WORD_AFTER = /^[\p{L}\p{N}_]/u;

const goesOn = (text: string, at: number): boolean => WORD_AFTER.test(text.slice(at, at + 2));
