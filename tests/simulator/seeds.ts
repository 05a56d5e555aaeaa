import { expect } from 'vitest';
import { createCounters, type Counters } from './counters.ts';
import { simulate, type Plan } from './simulation.ts';

/** `SIMULATE_BASE` chooses other seeds than those that every run of the tests goes through. */
export const base = process.env['SIMULATE_BASE'] ?? 'cairn';
const most = Number(process.env['SIMULATE_DEVICES'] ?? 8);
const steps = Number(process.env['SIMULATE_STEPS'] ?? 200);

/** The first seeds of a kind: `SIMULATE_SEEDS` of them, or as many as each run of the tests goes through. */
export function seedsOf(kind: 'calm' | 'hostile', usual: number): string[] {
  const count = Number(process.env['SIMULATE_SEEDS'] ?? usual);
  return Array.from({ length: count }, (_, i) => `${base}/${kind}/${i}`);
}

/** What a seed is about is in its name, so that it can be run again from that alone. */
export function planOf(seed: string): Plan {
  const i = Number(seed.split('/').at(-1));
  return { seed, steps, devices: 2 + (i % (most - 1)), isHostile: seed.includes('/hostile/') };
}

/** Seeds that failed once, as they were run then. Each run of the tests goes through them. */
export const everFailed: readonly Plan[] = [
  { seed: 'long/calm/10', devices: 5, steps: 500, isHostile: false },
  { seed: 'long/calm/12', devices: 4, steps: 500, isHostile: false },
];

/** Runs a seed; what it went through is added to `total`. */
export async function go(seed: string | Plan, total: Counters): Promise<void> {
  const counters = createCounters();
  await simulate(typeof seed === 'string' ? planOf(seed) : seed, counters).finally(() => {
    for (const [what, times] of counters.all) total.count(what, times);
  });
}

/** Shows that every kind of fault was really hit. */
export function expectAllOf(total: Counters, kinds: readonly string[]): void {
  console.log(
    `${base}: ${[...total.all]
      .sort()
      .map(([what, times]) => `${what} ${times}`)
      .join(', ')}`,
  );
  expect(kinds.filter((kind) => total.of(kind) === 0)).toEqual([]);
}
