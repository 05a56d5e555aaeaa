import { availableParallelism, cpus } from 'node:os';
import { measureInChromium } from './chromiumPage.ts';
import type { Figures, Heap, Question } from './backup/page.ts';

const MEGABYTE = 1024 * 1024;

/** A full backup made and restored: what it holds in memory must not grow with what it writes. */
export async function backup(): Promise<string> {
  const lines: string[] = [];
  let version = '';
  for (const [what, question] of [
    ['100,000 messages of about twelve words', { messages: 100_000, characters: 0 }],
    ['100 messages of 1 MB', { messages: 100, characters: MEGABYTE }],
    ['1,000 messages of 1 MB', { messages: 1_000, characters: MEGABYTE }],
  ] as const satisfies readonly (readonly [string, Question])[]) {
    const measured = await measureInChromium({
      entry: new URL('backup/page.ts', import.meta.url),
      files: {},
      question,
      flags: ['--enable-precise-memory-info', '--js-flags=--expose-gc'],
    });
    version = measured.version;
    const figures = measured.answer as Figures;
    if (!figures.isWhole) throw new Error(`${what}: messages are missing after the restore`);
    const { size, makeSeconds, restoreSeconds, makeHeap, restoreHeap } = figures;
    lines.push(
      `| ${what} | ${mb(size)} | ${seconds(makeSeconds)} | ${both(makeHeap)} | ${seconds(restoreSeconds)} | ${both(restoreHeap)} |`,
    );
  }
  return [
    '## Backup',
    'A full backup of a store into one encrypted file, and that file restored into an empty app: all of it is read and checked before the first row is written. The heap is the most that it held above what it held before: in use, looked at once a second after garbage was collected, and with garbage; 1,000 messages of 1 MB should need about what 100 do.',
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Chromium ${version}.`,
    [
      '| what | file | made in | heap: in use / with garbage | restored in | heap: in use / with garbage |',
      '|---|--:|--:|--:|--:|--:|',
      ...lines,
    ].join('\n'),
  ].join('\n\n');
}

const both = ({ used, withGarbage }: Heap): string => `${mb(used)} / ${mb(withGarbage)}`;
const mb = (bytes: number): string => `${(bytes / MEGABYTE).toFixed(0)} MB`;
const seconds = (value: number): string => `${value.toFixed(1)} s`;
