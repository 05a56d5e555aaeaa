import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { pathToFileURL } from 'node:url';
import { measureInChromium } from './chromiumPage.ts';
import type { Figures, Task } from './search/page.ts';

const NAMES: Readonly<Record<Task['peer'], string>> = {
  cairn: 'Cairn',
  fts5: 'SQLite FTS5',
  flexsearch: 'FlexSearch',
  minisearch: 'MiniSearch',
};
const TASK: Omit<Task, 'peer'> = { messages: 1_000_000, queries: 300, mostSeconds: 180, mostBytes: 2e9 };

/** Full-text search over a million messages, each index in a page of its own. */
export async function search(): Promise<string> {
  const require = createRequire(import.meta.url);
  const sqlite = (name: string) =>
    new URL(name, pathToFileURL(require.resolve('@sqlite.org/sqlite-wasm/package.json')));
  const lines: string[] = [];
  let [version, fts5] = ['', 0];
  for (const peer of ['fts5', 'cairn', 'flexsearch', 'minisearch'] as const) {
    const measured = await measureInChromium({
      entry: new URL('search/page.ts', import.meta.url),
      files: {
        'sqlite3.mjs': sqlite('dist/index.mjs'),
        'sqlite3.wasm': sqlite('dist/sqlite3.wasm'),
        'flexsearch.mjs': new URL(import.meta.resolve('flexsearch')),
        'minisearch.mjs': new URL(import.meta.resolve('minisearch')),
      },
      question: { ...TASK, peer } satisfies Task,
      flags: ['--enable-precise-memory-info', '--js-flags=--expose-gc --max-old-space-size=4096'],
    });
    const figures = measured.answer as Figures;
    version = measured.version;
    if (peer === 'fts5') fts5 = figures.buildSeconds;
    lines.push(row(NAMES[peer], figures, fts5));
  }
  return [
    '## Search',
    `Up to ${TASK.messages.toLocaleString('en')} messages of 8 to 16 words, 50,000 words by Zipf's law, all seeded; an index that took ${TASK.mostSeconds} s or ${TASK.mostBytes / 1e9} GB was stopped there. ` +
      `${TASK.queries} queries of two words of one message, then the same with the second cut to its first three letters; the first 50 hits. ` +
      'Milliseconds: median / 95th percentile. Memory is beyond that of the empty page: after the build with garbage collected, and the highest while querying and while building, with garbage.',
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Chromium ${version}.`,
    [
      '| index | messages | build s | × FTS5 | two words | word and prefix | MB after | querying | building | |',
      '|---|--:|--:|--:|--:|--:|--:|--:|--:|---|',
      ...lines,
    ].join('\n'),
    "Cairn's is sealed and in IndexedDB, built in the steps of a rebuild, merges among them; it answers places of messages, which are read and held against the query before they are shown. FTS5 counts the memory of WebAssembly, Cairn the opened blocks that it keeps. FlexSearch and MiniSearch are given whole words to look for; MiniSearch is asked for the prefix as a word.",
  ].join('\n\n');
}

function row(name: string, figures: Figures, fts5: number): string {
  const { messages, buildSeconds, twoWords, prefix, heap, queryPeak, buildPeak, facts } = figures;
  const pair = ([middle, high]: readonly [number, number]) => `${middle.toFixed(1)} / ${high.toFixed(1)}`;
  const mb = (bytes: number) => Math.round(bytes / 1e6).toLocaleString('en');
  const ratio = messages === TASK.messages ? (buildSeconds / fts5).toFixed(2) : '';
  return `| ${name} | ${messages.toLocaleString('en')} | ${buildSeconds.toFixed(1)} | ${ratio} | ${pair(twoWords)} | ${pair(prefix)} | ${mb(heap)} | ${mb(queryPeak)} | ${mb(buildPeak)} | ${facts} |`;
}
