export const strengths = ['short', 'fair', 'good', 'strong'] as const;
export type Strength = (typeof strengths)[number];

/**
 * A rough, honest hint while somebody types: it counts, and knows only the laziest habits. Whether a
 * passphrase is good enough is decided by the engine.
 */
export function strengthOf(passphrase: string): Strength {
  const characters = [...passphrase.normalize('NFKC')];
  const different = new Set(characters.map((character) => character.toLowerCase())).size;
  const words = passphrase
    .trim()
    .split(/[\s\-_.]+/u)
    .filter((word) => [...word].length > 2);
  const worth = Math.min(characters.length, different * 2) + new Set(words).size * 2;
  if (characters.length < 8 || different < 5) return 'short';
  if (worth < 16) return 'fair';
  return worth < 24 ? 'good' : 'strong';
}
