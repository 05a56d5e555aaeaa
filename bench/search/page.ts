import { createCairnSearch } from './cairn.ts';
import { createCorpus } from './corpus.ts';
import { createFlexSearch } from './flexsearch.ts';
import { createFts5 } from './fts5.ts';
import { createMiniSearch } from './minisearch.ts';
import type { SearchPeer } from './peer.ts';

/** What one index is asked to do, and where it may stop. */
export interface Task {
  readonly peer: keyof typeof peers;
  readonly messages: number;
  readonly queries: number;
  /** An index that would take longer, or more of the heap, is measured at the size it got to. */
  readonly mostSeconds: number;
  readonly mostBytes: number;
}

export interface Figures {
  readonly messages: number;
  /** Spent by the index itself, without making the texts. */
  readonly buildSeconds: number;
  /** Bytes: the highest while it was built, and with garbage collected afterwards, beyond the empty page's. */
  readonly buildPeak: number;
  readonly heap: number;
  /** The highest that was seen between queries. */
  readonly queryPeak: number;
  /** Milliseconds: median and 95th percentile. */
  readonly twoWords: readonly [number, number];
  /** The second word cut to three letters. */
  readonly prefix: readonly [number, number];
  readonly found: number;
  readonly facts: string;
}

const peers = {
  cairn: createCairnSearch,
  fts5: createFts5,
  flexsearch: createFlexSearch,
  minisearch: createMiniSearch,
} satisfies Record<string, () => SearchPeer | Promise<SearchPeer>>;

const PAGE = 16_384;
const page = globalThis as unknown as { measure: (task: Task) => Promise<Figures>; gc: () => void };
const heap = (): number => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize;

page.measure = async ({ peer, messages, queries, mostSeconds, mostBytes }) => {
  const corpus = createCorpus();
  const index = await peers[peer]();
  page.gc();
  const empty = heap();
  const used = () => heap() - empty + index.otherMemory();
  let [done, milliseconds, buildPeak] = [0, 0, 0];
  while (done < messages && milliseconds < mostSeconds * 1000 && used() < mostBytes) {
    const count = Math.min(PAGE, messages - done);
    const texts = Array.from({ length: count }, (_, n) => corpus.text(done + n));
    const start = performance.now();
    await index.add(texts, done);
    milliseconds += performance.now() - start;
    done += count;
    buildPeak = Math.max(buildPeak, used());
  }
  const start = performance.now();
  await index.finish();
  milliseconds += performance.now() - start;
  page.gc();
  const after = used();

  let [found, queryPeak] = [0, 0];
  const times = async (textOf: (first: string, second: string) => string): Promise<[number, number]> => {
    const took: number[] = [];
    for (let n = -10; n < queries; n++) {
      const text = textOf(...corpus.twoWords(n + 10, done));
      const begin = performance.now();
      const hits = await index.search(text);
      if (n < 0) continue;
      took.push(performance.now() - begin);
      found += hits;
      queryPeak = Math.max(queryPeak, used());
    }
    took.sort((a, b) => a - b);
    return [took[took.length >> 1] ?? 0, took[Math.floor(took.length * 0.95)] ?? 0];
  };
  return {
    messages: done,
    buildSeconds: milliseconds / 1000,
    buildPeak,
    heap: after,
    twoWords: await times((first, second) => `${first} ${second} `),
    prefix: await times((first, second) => `${first} ${second.slice(0, 3)}`),
    queryPeak,
    found,
    facts: await index.facts(),
  };
};
