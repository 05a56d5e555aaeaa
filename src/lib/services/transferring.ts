import { settleStorage } from '../db/faults.ts';
import { countKept, waitingTransfers } from '../db/fileTransfers.ts';
import type { Result } from '../core/result.ts';
import type { Engine } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 10 * 60_000;

/**
 * Moves the files that wait, up and down, for as long as the app is open: when one is wanted, when the relay is
 * back, and from 5 seconds to 10 minutes later while some are left, because a sender may not be done yet. What
 * lies here is kept within the budget.
 */
export function keepTransferring(
  session: Session,
  engine: Pick<Engine, 'watchLink'>,
): { poke(): void; dispose(): void } {
  const { store, clock, logger } = session;
  let isOver = false;
  let isOnline = false;
  let isDue = true;
  let running: Promise<void> | undefined;
  let kept = 0;
  let wait = FIRST_RETRY_MS;
  let cancel = () => {};
  /** What the run under way began with, and what the last one left: nothing new about them. */
  let seen: ReadonlySet<string> = new Set();

  const settled = async (work: () => Promise<Result<void>>) => {
    const done = await settleStorage(work);
    const result = done.ok ? done.value : done;
    if (!result.ok && !isOver) logger.log('info', 'transfers-paused', { code: result.error.code });
  };
  const run = async () => {
    cancel();
    const [{ uploadWaiting }, { fetchWaiting }, { keepWithinBudget }] = await Promise.all([
      import('../sync/uploads.ts'),
      import('./downloads.ts'),
      import('./fileBudget.ts'),
    ]);
    while (isDue && !isOver) {
      isDue = false;
      await settled(async () => {
        seen = new Set(await waitingTransfers(store));
        return { ok: true, value: undefined };
      });
      await Promise.all([
        settled(() => uploadWaiting(session, () => isOver)),
        settled(() => fetchWaiting(session, () => isOver)),
      ]);
      if (!isOver) await settled(() => keepWithinBudget(session));
    }
  };
  const start = () => {
    isDue = true;
    if (isOver || !isOnline) return;
    running ??= run().finally(() => {
      running = undefined;
      if (isOver || seen.size === 0) return;
      cancel = clock.after(wait, start);
      wait = Math.min(wait * 2, LAST_RETRY_MS);
    });
  };
  const unwatch = engine.watchLink((link) => {
    const was = isOnline;
    isOnline = link !== 'offline';
    if (was === isOnline) return;
    wait = FIRST_RETRY_MS;
    start();
  });
  const stops = [
    store.live(
      () => waitingTransfers(store),
      (ids) => {
        const isNew = ids.some((id) => !seen.has(id));
        if (running === undefined) seen = new Set(ids);
        if (!isNew) return;
        wait = FIRST_RETRY_MS;
        start();
      },
    ),
    store.live(
      () => countKept(store),
      (count) => {
        const isMore = count > kept;
        kept = count;
        if (isMore) start();
      },
    ),
  ];
  return {
    poke: start,
    dispose() {
      isOver = true;
      cancel();
      unwatch();
      for (const stop of stops) stop();
    },
  };
}
