import { availableParallelism, cpus } from 'node:os';
import { CLASSICAL_SUITE, SUITE, type SuiteId } from '../src/lib/crypto/mls/index.ts';
import { measureGroup, TASKS, type Times } from './groups/tasks.ts';

const SIZES = [
  { devices: 2, rounds: 9 },
  { devices: 10, rounds: 9 },
  { devices: 100, rounds: 3 },
  { devices: 1_000, rounds: 1 },
] as const;

const SUITES: readonly { readonly suite: SuiteId; readonly name: string }[] = [
  { suite: SUITE, name: 'X-Wing' },
  { suite: CLASSICAL_SUITE, name: 'classical' },
];

/** What a change of a group costs the device that makes it, the one that comes, and those that follow. */
export async function groups(): Promise<string> {
  const rows: string[] = [];
  for (const { devices, rounds } of SIZES) {
    for (const { suite, name } of SUITES) {
      const times = await measureGroup(suite, devices, rounds);
      rows.push(`| ${devices.toLocaleString('en')} | ${name} | ${cells(times)} |`);
    }
  }
  return [
    '## Groups',
    'Milliseconds on one device, by the size of the group in devices: medians of nine rounds, of three at 100, one round at 1,000. *create*: a group made with everybody in it by one commit; *add* and *remove*: a commit for one device; *join*: by a welcome into a group of that size; *commit*: new keys for one’s own leaf; *follow*: applying such a commit of another; *arrive*: coming in by a link. What is signed, judged by the rules and checked is in it; storing is not.',
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}.`,
    `| devices | suite | ${TASKS.join(' | ')} |\n|--:|---|${TASKS.map(() => '--:|').join('')}\n${rows.join('\n')}`,
  ].join('\n\n');
}

const cells = (times: Times): string => TASKS.map((task) => figure(times[task])).join(' | ');

/** Three digits say all that a shared machine knows. */
const figure = (milliseconds: number): string => Number(milliseconds.toPrecision(3)).toLocaleString('en');
