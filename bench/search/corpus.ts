/** Seeded messages whose words are as frequent as those of a language: the k-th by 1/k (Zipf). */

const VOCABULARY = 50_000;
const WORDS_IN_MESSAGE = 12;

export interface Corpus {
  /** Text of message `i`: 8 to 16 words. The same for everyone who asks. */
  text(i: number): string;
  /** Two words that stand in one message. */
  twoWords(n: number, messages: number): [string, string];
}

export function createCorpus(): Corpus {
  const words = createWords();
  const shares = new Float64Array(VOCABULARY);
  let sum = 0;
  for (let k = 0; k < VOCABULARY; k++) shares[k] = sum += 1 / (k + 1);
  const draw = (random: () => number): string => {
    const wanted = random() * sum;
    let [low, high] = [0, VOCABULARY - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((shares[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return words[low] ?? '';
  };
  const wordsOf = (i: number): string[] => {
    const random = seeded(i);
    const count = WORDS_IN_MESSAGE - 4 + Math.floor(random() * 9);
    return Array.from({ length: count }, () => draw(random));
  };
  return {
    text: (i) => wordsOf(i).join(' '),
    twoWords(n, messages) {
      const random = seeded(1_000_000_007 + n);
      const some = wordsOf(Math.floor(random() * messages));
      const first = some[Math.floor(random() * some.length)] ?? '';
      const second = some.find((word) => word !== first) ?? first;
      return [first, second];
    },
  };
}

/** Words of two to four syllables, each once, short ones first as in a language. */
function createWords(): string[] {
  const random = seeded(7);
  const syllable = () =>
    'bcdfghjklmnprstvwz'.charAt(Math.floor(random() * 18)) +
    'aeiou'.charAt(Math.floor(random() * 5)) +
    ['', '', 'n', 's', 'r', 'l'][Math.floor(random() * 6)];
  const words = new Set<string>();
  while (words.size < VOCABULARY) {
    const syllables = 2 + Math.min(2, Math.floor((words.size / VOCABULARY) * 2 + random()));
    words.add(Array.from({ length: syllables }, syllable).join(''));
  }
  return [...words];
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
