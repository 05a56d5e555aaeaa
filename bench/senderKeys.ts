import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { measureInChromium } from './chromiumPage.ts';
import type { Rate } from './rates.ts';
import { createCairn } from './senderKeys/cairn.ts';
import { compare, type Comparison } from './senderKeys/compare.ts';
import { loadLibsignal } from './senderKeys/libsignal.ts';
import { createMegolm, type Olm } from './senderKeys/megolm.ts';
import { nodeSignatures } from './senderKeys/nodeSignatures.ts';
import { CAIRN, COUNTS, IN_SCRIPT, ROUNDS, SENDERS, TASKS, type Task } from './senderKeys/tasks.ts';

const WHAT: Readonly<Record<Task, string>> = {
  seal: 'seal one at a time',
  open: 'open one at a time',
  backlog: `open ${COUNTS.backlog.toLocaleString('en')} from ${SENDERS} senders`,
};

/** Sender keys against libsignal's group cipher and Megolm: 200-byte messages, signatures made and checked by all. */
export async function senderKeys(): Promise<string> {
  const require = createRequire(import.meta.url);
  const olm = require('@matrix-org/olm') as Olm;
  await olm.init();
  const libsignal = await loadLibsignal();
  const inNode = await compare([
    createCairn(CAIRN, nodeSignatures),
    createCairn(IN_SCRIPT),
    libsignal,
    createMegolm(olm),
  ]);
  const { answer, version } = await measureInChromium({
    entry: new URL('senderKeys/page.ts', import.meta.url),
    files: {
      'olm.js': new URL(`file://${require.resolve('@matrix-org/olm')}`),
      'olm.wasm': new URL(`file://${require.resolve('@matrix-org/olm/olm.wasm')}`),
    },
  });
  const inChromium = answer as Comparison;
  const quoted = { name: `${libsignal.name}, from Node`, of: inNode, as: libsignal.name };
  return [
    '## Sender keys',
    `Messages of 200 bytes; every implementation signs each message and verifies what it opens; nothing is stored. ` +
      `Medians of ${ROUNDS.seal}, ${ROUNDS.open} and ${ROUNDS.backlog} rounds in turns (slowest – fastest), records per second, and Cairn's rate as a multiple.`,
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}, Chromium ${version}.`,
    '### Node',
    table(inNode),
    '### Chromium',
    table(inChromium, quoted),
    "Cairn signs with the platform's Ed25519, as libsignal does with its own native one: `node:crypto` in Node, WebCrypto in Chromium.",
    'libsignal is native and has no browser build: its rows in the second table are those of Node, from the same run.',
  ].join('\n\n');
}

interface Quoted {
  readonly name: string;
  readonly of: Comparison;
  readonly as: string;
}

function table(comparison: Comparison, quoted?: Quoted): string {
  const lines = ['| task | implementation | records/s | Cairn is |', '|---|---|--:|--:|'];
  for (const task of TASKS) {
    const rates = [...comparison[task]];
    const other = quoted?.of[task].find(({ name }) => name === quoted.as);
    if (quoted !== undefined && other !== undefined) rates.push({ ...other, name: quoted.name });
    const own = rates.find(({ name }) => name === CAIRN)?.perSecond ?? 0;
    for (const rate of rates) lines.push(row(task, rate, own));
  }
  return lines.join('\n');
}

const row = (task: Task, { name, perSecond, slowest, fastest }: Rate, own: number): string =>
  `| ${WHAT[task]} | ${name} | ${round(perSecond)} (${round(slowest)} – ${round(fastest)}) | ${(own / perSecond).toFixed(2)} × |`;

/** Three digits say all that a shared machine knows. */
const round = (rate: number): string => Number(rate.toPrecision(3)).toLocaleString('en');
