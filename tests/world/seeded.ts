import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import type { Clock, Locks, Random } from '../../src/lib/core/ports.ts';

/** A clock that moves only when it is told to; timers run, in order of their time, as it passes them. */
export interface WorldClock extends Clock {
  advance(ms: number): void;
}

export function createClock(start = Date.UTC(2030, 0, 1, 9)): WorldClock {
  let now = start;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((timer) => timer !== due);
        now = Math.max(now, due.at);
        due.run();
      }
      now = end;
    },
  };
}

/** The same bytes for the same seed: SHA-256 in counter mode. */
export function createRandom(seed: string): Random {
  let counter = 0;
  let pool: Uint8Array = new Uint8Array(0);
  return {
    bytes(length): Bytes {
      const out = new Uint8Array(length);
      let at = 0;
      while (at < length) {
        if (pool.length === 0) pool = sha256(new TextEncoder().encode(`${seed}/${counter++}`));
        const take = Math.min(pool.length, length - at);
        out.set(pool.subarray(0, take), at);
        pool = pool.slice(take);
        at += take;
      }
      return out;
    },
  };
}

/** Locks of one device, as its tabs share them. */
export function createLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run(name, work) {
      const turn = (tails.get(name) ?? Promise.resolve()).then(work, work);
      tails.set(name, turn);
      return turn;
    },
  };
}
