import type { Locks } from '../core/ports.ts';

/** Locks within this process: work under one name runs in the order it came. */
export function createTurns(): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    run(name, work) {
      const before = last.get(name) ?? Promise.resolve();
      const mine = before.then(work, work);
      last.set(name, mine);
      const forget = (): void => {
        if (last.get(name) === mine) last.delete(name);
      };
      void mine.then(forget, forget);
      return mine;
    },
  };
}
