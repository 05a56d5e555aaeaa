import { afterAll, describe, it } from 'vitest';
import { createCounters } from './counters.ts';
import { expectAllOf, go, seedsOf } from './seeds.ts';

/**
 * Where a lying relay split a group and nobody is left whom both halves believe, the person is told that it is
 * for them to decide; how often that was so is printed as `left to a person`.
 */

const total = createCounters();

describe('devices with a relay that lies', () => {
  it.each(seedsOf('hostile', 40))('%s', { timeout: 600_000 }, (seed) => go(seed, total));

  afterAll(() =>
    expectAllOf(
      total,
      [
        'rewrite',
        'relabel',
        'truncate',
        'extend',
        'withhold',
        'skip',
        'replay',
        'cross',
        'swap',
        'invent',
        'swapped package',
        'used package',
        'broken package',
        'equivocation',
      ].map((what) => `hostile ${what}`),
    ),
  );
});
