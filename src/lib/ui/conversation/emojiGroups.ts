import groups from 'unicode-emoji-json/data-by-group.json';

export interface EmojiGroup {
  readonly slug: string;
  readonly emoji: readonly { readonly text: string; readonly name: string }[];
}

/** Every emoji of Unicode, in its order; comes with the picker, not before. */
export const emojiGroups: readonly EmojiGroup[] = groups.map(({ slug, emojis }) => ({
  slug,
  emoji: emojis.map(({ emoji, name }) => ({ text: emoji, name })),
}));

/** Emoji whose English names begin a word with each word of `query`, best groups first. */
export function findEmoji(query: string): readonly { readonly text: string; readonly name: string }[] {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean);
  if (words.length === 0) return [];
  return emojiGroups
    .flatMap((group) => group.emoji)
    .filter(({ name }) => words.every((word) => ` ${name.toLowerCase()}`.includes(` ${word}`)))
    .slice(0, MOST_FOUND);
}

const MOST_FOUND = 96;

/** The text as one reaction, where it is one: a single letter, sign or picture. */
export function asReaction(text: string): string | undefined {
  const bare = text.trim();
  const letters = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(bare)];
  return letters.length === 1 && !/[\p{L}\p{N}\p{P}\s]/u.test(bare) ? bare : undefined;
}
