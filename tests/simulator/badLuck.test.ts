import { afterAll, describe, expect, it } from 'vitest';
import { createCounters } from './counters.ts';
import { everFailed, expectAllOf, go, planOf, seedsOf } from './seeds.ts';
import { simulate } from './simulation.ts';

const total = createCounters();

describe('devices with bad luck and an honest relay', () => {
  it.each(seedsOf('calm', 60))('%s', { timeout: 600_000 }, (seed) => go(seed, total));

  it.each(everFailed)('$seed, which failed once', { timeout: 600_000 }, (plan) => go(plan, total));

  it('goes the same way for the same seed', { timeout: 600_000 }, async () => {
    const plan = { ...planOf('again/calm/2'), steps: 100 };
    const [first, second] = [await simulate(plan), await simulate(plan)];
    expect(second.trace).toEqual(first.trace);
  });

  afterAll(() =>
    expectAllOf(total, [
      'request dropped',
      'request delayed',
      'late request arrived',
      'request repeated',
      'answer dropped',
      'bell dropped',
      'partition',
      'killed',
      'deliveries due',
      'views compared',
      'clock wrong by a year',
      'clock put right',
    ]),
  );
});
