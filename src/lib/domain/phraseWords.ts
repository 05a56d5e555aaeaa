/** How many words a recovery phrase has: 256 bits and a checksum of 8. */
export const PHRASE_WORDS = 24;

/** The words of a phrase as a person wrote them: any spacing, any case, numbers and dots of a list left out. */
export const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');

/**
 * Words of `list` that somebody who wrote `typed` may have meant: those that begin with it, then those one
 * slip away (a letter too many, too few, another, or two that changed places).
 * @param most how many at most.
 */
export function suggestWords(list: readonly string[], typed: string, most = 4): string[] {
  if (typed === '') return [];
  const begins = list.filter((word) => word.startsWith(typed));
  const near = list.filter((word) => !word.startsWith(typed) && isOneSlipAway(word, typed));
  return [...begins, ...near].slice(0, most);
}

function isOneSlipAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const [restA, restB] = [a.slice(at), b.slice(at)];
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  );
}

/**
 * Which words a rehearsal asks for: `count` different positions from 1, ascending.
 * @param chance bytes, more of them than positions asked for.
 */
export function positionsToAsk(chance: Uint8Array, count: number): number[] {
  const left = Array.from({ length: PHRASE_WORDS }, (_, i) => i + 1);
  const asked: number[] = [];
  for (const byte of chance.subarray(0, count)) asked.push(...left.splice(byte % left.length, 1));
  return asked.sort((a, b) => a - b);
}
