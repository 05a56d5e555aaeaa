import { describe, expect, it } from 'vitest';
import { paceOf, withSeen, type Seen } from '../../src/lib/ui/transfers/pace.ts';

const seenAt = (...samples: readonly (readonly [at: number, done: number])[]): Seen =>
  samples.reduce<Seen>((seen, [at, done]) => withSeen(seen, [{ id: 'a', done }], at), new Map());
const pace = (seen: Seen, now: number) => paceOf(seen.get('a'), 10_000, now);

describe('the pace of a file', () => {
  it('is known from two moments on', () => {
    expect(pace(seenAt([0, 1000]), 1000)).toBeUndefined();
    expect(pace(seenAt([0, 1000], [2000, 5000]), 2000)).toEqual({ speed: 2000, left: 2500 });
  });

  it('is that of the last ten seconds', () => {
    expect(pace(seenAt([0, 0], [20_000, 2000], [21_000, 4000]), 21_000)).toEqual({ speed: 2000, left: 3000 });
  });

  it('falls while nothing moves, and is then unknown', () => {
    const seen = seenAt([0, 0], [1000, 1000]);
    expect(pace(seen, 5000)?.speed).toBe(200);
    expect(pace(seen, 12_000)).toBeUndefined();
  });

  it('begins anew with a file that begins anew, and forgets one that is over', () => {
    expect(pace(seenAt([0, 5000], [1000, 6000], [2000, 1000]), 2000)).toBeUndefined();
    expect(withSeen(seenAt([0, 5000]), [], 1000).size).toBe(0);
  });
});
