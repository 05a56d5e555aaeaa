import { availableParallelism, cpus } from 'node:os';
import { measureInChromium } from './chromiumPage.ts';
import { compareXWing, IN_SCRIPT, ROUNDS, TASKS, type Comparison } from './xWing/tasks.ts';

/** X-Wing, the suite's key encapsulation, with the platform's ML-KEM-768 and with JavaScript's. */
export async function xWing(): Promise<string> {
  const inNode = await compareXWing();
  const { answer, version } = await measureInChromium({ entry: new URL('xWing/page.ts', import.meta.url), files: {} });
  return [
    '## X-Wing',
    `One operation after the other, X25519 by WebCrypto in both. Medians of ${ROUNDS} rounds in turns (slowest – fastest), operations per second, and the rate as a multiple of JavaScript's.`,
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}, Chromium ${version}.`,
    '### Node',
    table(inNode),
    '### Chromium',
    table(answer as Comparison),
  ].join('\n\n');
}

function table(comparison: Comparison): string {
  const lines = ['| task | with | operations/s | × JavaScript |', '|---|---|--:|--:|'];
  for (const task of TASKS) {
    const script = comparison[task].find(({ name }) => name === IN_SCRIPT)?.perSecond ?? 0;
    for (const { name, perSecond, slowest, fastest } of comparison[task]) {
      const rate = `${round(perSecond)} (${round(slowest)} – ${round(fastest)})`;
      lines.push(`| ${task} | ${name} | ${rate} | ${(perSecond / script).toFixed(2)} × |`);
    }
  }
  return lines.join('\n');
}

/** Three digits say all that a shared machine knows. */
const round = (rate: number): string => Number(rate.toPrecision(3)).toLocaleString('en');
