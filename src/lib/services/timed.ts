import { settleStorage } from '../db/faults.ts';
import { heldRecords } from '../db/outbox.ts';
import type { Store } from '../db/store.ts';
import type { Engine } from '../sync/engine.ts';
import { sealWaiting } from '../sync/rekey.ts';
import type { Session } from '../sync/session.ts';
import { nextScheduled, sendDue } from './scheduled.ts';

/** Timers of browsers and the clock of a device that slept are not to be trusted for longer. */
const LONGEST_WAIT_MS = 60 * 60_000;
const RETRY_MS = 60_000;

/**
 * Lets go what waits for its time, for as long as the vault is open: scheduled messages, and those that could
 * still be undone. What came due while it was locked goes at once. Needs no network: what is sealed then is the
 * outbox's.
 * @returns what ends it.
 */
export function keepTimed(session: Session, engine: Pick<Engine, 'poke'>): () => void {
  const { store, clock, logger } = session;
  let over = false;
  let cancel = () => {};

  const letGo = async () => {
    const done = await settleStorage(async () => {
      await sendDue(session);
      await sealWaiting(session);
    });
    if (over) return;
    engine.poke();
    if (done.ok) return;
    logger.log('warn', 'timed-failed', { code: done.error.code });
    cancel = clock.after(RETRY_MS, () => void letGo());
  };
  const plan = (next: number | undefined) => {
    cancel();
    if (over || next === undefined) return;
    const wait = next - clock.now();
    if (wait <= 0) void letGo();
    else cancel = clock.after(Math.min(wait, LONGEST_WAIT_MS), () => plan(next));
  };

  const stop = store.live(() => nextTimed(store), plan);
  return () => {
    over = true;
    cancel();
    stop();
  };
}

async function nextTimed(store: Store): Promise<number | undefined> {
  const now = store.clock.now();
  const held = (await heldRecords(store, now)).map(({ nextAttemptAt }) => nextAttemptAt);
  const times = [...held, ...[await nextScheduled(store)].flatMap((at) => at ?? [])];
  return times.length === 0 ? undefined : Math.min(...times);
}
