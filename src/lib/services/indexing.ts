import { settleStorage } from '../db/faults.ts';
import type { Session } from '../sync/session.ts';

/** Held by whoever writes the index, on the whole device. */
export const INDEX_LOCK = 'search-index';

/** After unlocking: whoever came to read or write is not held up. */
const FIRST_MS = 1_500;
/** After a message came or went, so that several are taken in together. */
const SETTLE_MS = 800;
/** Between two steps, and inside long ones, so that whatever else wants to run comes first. */
const BREATH_MS = 10;
/** While something is being sent, nothing is indexed. */
const BUSY_MS = 250;
/** What was deleted is purged, and what a crash left behind is swept, also when nothing new comes. */
const AGAIN_MS = 30 * 60_000;

class Over extends Error {}

/**
 * Keeps the search index in step with the history while the app is open: in one tab at a time, in small
 * steps, never while `isBusy`.
 * @returns what says that there is something to do which no queue tells of, and what ends it.
 */
export function keepIndexed(session: Session, isBusy: () => boolean): { poke(): void; dispose(): void } {
  const { store, clock, locks, logger } = session;
  let over = false;
  let running = false;
  let again = false;
  let cancel = () => {};

  const wait = (ms: number) => new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  const pause = async () => {
    do await wait(isBusy() ? BUSY_MS : BREATH_MS);
    while (isBusy() && !over);
    if (over) throw new Over();
  };

  const tend = async () => {
    const { tendIndex } = await import('../db/search/upkeep.ts');
    for (let more = true; more && !over;) {
      await pause();
      more = await locks.run(INDEX_LOCK, () => tendIndex(store, pause));
    }
  };

  const run = async () => {
    running = true;
    while (again && !over) {
      again = false;
      try {
        const tended = await settleStorage(tend);
        if (!tended.ok && !over) logger.log('warn', 'indexing-failed', { code: tended.error.code });
      } catch (thrown) {
        // A step that is broken off finds the store locked, and fails as it may.
        if (!over) throw thrown;
      }
    }
    running = false;
    if (!over) cancel = clock.after(AGAIN_MS, poke);
  };
  const poke = () => {
    again = true;
    if (!running) void run();
  };

  const soon = () => {
    again = true;
    if (running) return;
    cancel();
    cancel = clock.after(SETTLE_MS, poke);
  };

  cancel = clock.after(FIRST_MS, poke);
  let isFirst = true;
  const unwatch = store.live(
    () => store.searchQueue.limit(1).primaryKeys(),
    (queued) => {
      if (!isFirst && queued.length > 0 && !over) soon();
      isFirst = false;
    },
  );
  return {
    poke: soon,
    dispose() {
      over = true;
      unwatch();
      cancel();
    },
  };
}
