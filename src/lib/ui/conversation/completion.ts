/** What is being typed that could be completed: a member after `@`, an emoji after `:`. */
export interface Completing {
  readonly kind: 'member' | 'emoji';
  /** Without its mark. */
  readonly query: string;
  /** Where the mark stands. */
  readonly from: number;
}

/** What stands right before the caret, where that can be completed. A smiley is not: an emoji takes two letters. */
export function completingAt(text: string, caret: number): Completing | undefined {
  const found = /(?:^|[\s(])(@[\p{L}\p{N}_'-]{0,40}|:[a-z]{2,24})$/iu.exec(text.slice(Math.max(0, caret - 64), caret));
  const typed = found?.[1];
  if (typed === undefined) return undefined;
  return { kind: typed.startsWith('@') ? 'member' : 'emoji', query: typed.slice(1), from: caret - typed.length };
}

/** The text with what was being typed replaced, and where the caret goes. */
export function completed(
  text: string,
  caret: number,
  { kind, from }: Completing,
  choice: string,
): { readonly text: string; readonly caret: number } {
  const rest = text.slice(caret);
  const word = kind === 'member' ? `@${choice}` : choice;
  const gap = /^\s/u.test(rest) ? '' : ' ';
  return { text: `${text.slice(0, from)}${word}${gap}${rest}`, caret: from + word.length + 1 };
}
