import { availableParallelism, cpus } from 'node:os';
import { measureInChromium } from './chromiumPage.ts';
import type { Figures } from './messages/page.ts';

/** Message storage against plain, unsealed Dexie with the same indexes, and against itself with more in it. */
export async function messages(): Promise<string> {
  const { answer, version } = await measureInChromium({
    entry: new URL('messages/page.ts', import.meta.url),
    files: {},
  });
  const { write, page, pageAt, list } = answer as Figures;
  return [
    '## Messages',
    'Messages of about twelve words from twenty people. Cairn seals everything private, keeps its counters and previews and queues the search index with it; plain Dexie adds the same rows in clear, with the same indexes. Medians, in turns.',
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Chromium ${version}.`,
    [
      '| task | measured | against | ratio | at most |',
      '|---|--:|--:|--:|--:|',
      line(
        '100,000 messages in',
        `${write.cairn.toFixed(2)} s`,
        `plain Dexie ${write.plain.toFixed(2)} s`,
        write.cairn / write.plain,
        0.25,
      ),
      line('newest page of 50', ms(page.cairn), `plain Dexie ${ms(page.plain)}`, page.cairn / page.plain, 2),
      line(
        'newest page of 50, 1,000,000 messages',
        ms(pageAt.many),
        `10,000 messages ${ms(pageAt.few)}`,
        pageAt.many / pageAt.few,
        1.5,
      ),
      line(
        'unlock to list, 1,000 conversations, 1,000,000 messages',
        ms(list.many),
        `10 and 1,000 ${ms(list.few)}`,
        list.many / list.few,
        1.5,
      ),
    ].join('\n'),
    `Of the last line the list alone takes ${ms(list.manyAlone)} and ${ms(list.fewAlone)}; the rest is the key from the passphrase and opening the store.`,
  ].join('\n\n');
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

const line = (task: string, measured: string, against: string, ratio: number, most: number): string =>
  `| ${task} | ${measured} | ${against} | ${ratio.toFixed(2)} | ${most} |`;
