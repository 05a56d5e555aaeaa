/**
 * Names that people take for each other. An account can't be imitated, its name can: whoever adds a second
 * "Bo" wants to hear that it is another account. This tells what looks alike at a glance in the scripts that
 * are mixed up most; it is no complete table of confusable characters (Unicode TS 39), and only ever warns.
 */

/** Equal for names that look alike: without case, accents, spaces, punctuation and invisible characters. */
export const skeletonOf = (name: string): string =>
  [...name.normalize('NFKD').toLowerCase()]
    .filter((character) => !/[\p{M}\p{C}\p{Z}\p{P}]/u.test(character))
    .map((character) => LOOKS_LIKE.get(character) ?? character)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');

/** Cyrillic, Greek and digits that pass for Latin letters in most fonts. */
const LOOKS_LIKE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аα',
    b: 'ьв8',
    c: 'сϲ',
    e: 'еε3',
    h: 'һн',
    i: 'іιl1|ı',
    j: 'ј',
    k: 'кκ',
    m: 'м',
    n: 'ηп',
    o: 'оοσ0',
    p: 'рρ',
    s: 'ѕ5',
    t: 'тτ',
    u: 'υ',
    v: 'νѵ',
    w: 'ωѡ',
    x: 'хχ',
    y: 'уγү',
  }).flatMap(([latin, others]) => [...others].map((other) => [other, latin] as const)),
);
