/** Whether each word of `query` begins a word of `name`; accents and case don't matter. An empty query fits all. */
export function matchesName(name: string, query: string): boolean {
  const words = plain(name).split(/[^\p{L}\p{N}]+/u);
  const whole = plain(name);
  return plain(query)
    .split(/\s+/u)
    .filter((part) => part !== '')
    .every(
      (part) => words.some((word) => word.startsWith(part)) || whole.includes(` ${part}`) || whole.startsWith(part),
    );
}

const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
