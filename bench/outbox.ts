import { availableParallelism, cpus } from 'node:os';
import { measureInChromium } from './chromiumPage.ts';
import type { Figures } from './outbox/page.ts';

/** A long outbox against a short one: who writes for a week without a network waits no longer for each message. */
export async function outbox(): Promise<string> {
  const { answer, version } = await measureInChromium({
    entry: new URL('outbox/page.ts', import.meta.url),
    files: {},
  });
  return [
    '## Outbox',
    'What is done for each message that is written, counted or sent, with 10,000 records waiting against 100, in ten conversations. Medians, in turns.',
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Chromium ${version}.`,
    [
      '| task | 10,000 wait | 100 wait | ratio |',
      '|---|--:|--:|--:|',
      ...Object.entries(answer as Figures).map(
        ([task, { few, many }]) => `| ${task} | ${ms(many)} | ${ms(few)} | ${(many / few).toFixed(2)} |`,
      ),
    ].join('\n'),
  ].join('\n\n');
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
