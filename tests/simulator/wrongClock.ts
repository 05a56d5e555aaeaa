import { createClock, type WorldClock } from '../world/seeded.ts';

/** A clock that somebody may set: what it tells jumps, its timers run on as if nothing had happened. */
export interface WrongClock extends WorldClock {
  /** From now on it tells this many milliseconds more than it would; 0 puts it right. */
  set(ahead: number): void;
}

export function createWrongClock(start: number): WrongClock {
  const right = createClock(start);
  let ahead = 0;
  return {
    ...right,
    now: () => right.now() + ahead,
    set(ms) {
      ahead = ms;
    },
  };
}
