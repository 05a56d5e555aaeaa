import type { Clock, Logger } from '../core/ports.ts';
import { nextExpiry, wipeExpired } from '../db/expiry.ts';
import { settleStorage } from '../db/faults.ts';
import type { Store } from '../db/store.ts';

/** Timers of browsers and the clock of a device that slept are not to be trusted for longer. */
const LONGEST_WAIT_MS = 60 * 60_000;
const RETRY_MS = 60_000;

/**
 * Deletes messages and temporary conversations when their time is over, locked or not, for as long as the
 * app is open.
 * @returns what ends it.
 */
export function keepExpiring({ store, clock, logger }: { store: Store; clock: Clock; logger: Logger }): () => void {
  let over = false;
  let cancel = () => {};

  const wipe = async () => {
    const wiped = await settleStorage(() => wipeExpired(store, clock.now()));
    if (over || wiped.ok) return;
    logger.log('warn', 'expiry-failed', { code: wiped.error.code });
    cancel = clock.after(RETRY_MS, () => void wipe());
  };
  const plan = (next: number | undefined) => {
    cancel();
    if (over || next === undefined) return;
    const wait = next - clock.now();
    if (wait <= 0) void wipe();
    else cancel = clock.after(Math.min(wait, LONGEST_WAIT_MS), () => plan(next));
  };

  const stop = store.live(() => nextExpiry(store), plan);
  return () => {
    over = true;
    cancel();
    stop();
  };
}
