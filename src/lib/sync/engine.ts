import type { StreamId } from '../core/ids.ts';
import { err, type Result } from '../core/result.ts';
import { settleStorage } from '../db/faults.ts';
import { waitingIntents } from '../db/outbox.ts';
import { collect } from './collect.ts';
import { carryOut } from './intents.ts';
import { refillKeyPackages } from './keyPackages.ts';
import { drainOutbox } from './outbox.ts';
import { processInbox } from './process.ts';
import { sealWaiting } from './rekey.ts';
import type { Session } from './session.ts';

export type Link = 'online' | 'offline' | 'syncing';

/** Keeps an unlocked device and its relay in step. */
export interface Engine {
  /** Something changed here or there: sync soon. Calls while a pass runs lead to one more pass. */
  poke(): void;
  /** Resolves when a pass that started after this call is over. */
  syncNow(): Promise<void>;
  watchLink(show: (link: Link) => void): () => void;
  dispose(): void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** Even a bell that never rings delays nothing for longer. */
const SWEEP_MS = 60_000;
/** A change that others keep overtaking is tried again at once this often in one pass. */
const OVERTAKEN = 5;

export function createEngine(session: Session): Engine {
  const { clock, logger } = session;
  const watchers = new Set<(link: Link) => void>();
  let link: Link = 'offline';
  let running: Promise<void> | undefined;
  let again = false;
  let disposed = false;
  let failures = 0;
  let refillDue = true;
  let cancelTimer = () => {};
  let hangUp: (() => void) | undefined;
  let ringing = false;

  const setLink = (next: Link) => {
    if (next === link) return;
    link = next;
    for (const show of watchers) show(link);
  };

  const start = (): Promise<void> => {
    again = true;
    return (running ??= loop().finally(() => (running = undefined)));
  };

  const loop = async () => {
    while (again && !disposed) {
      again = false;
      cancelTimer();
      const result = await attempt();
      if (disposed) return;
      if (result.ok) {
        failures = 0;
        setLink('online');
        await openDoorbell();
        cancelTimer = clock.after(SWEEP_MS, poke);
      } else {
        logger.log('info', 'sync-paused', { code: result.error.code });
        failures++;
        setLink('offline');
        const wait = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
        cancelTimer = clock.after(wait, poke);
      }
    }
  };

  /** One pass. A bug in it must not end syncing for good: it is logged and tried again later. */
  const attempt = async (): Promise<Result<void>> => {
    try {
      const result = await settleStorage(pass);
      return result.ok ? result.value : result;
    } catch (thrown) {
      if (disposed) return err({ code: 'disposed', retry: 'never' });
      logger.log('error', 'sync-broke', {
        error: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown',
      });
      return err({ code: 'bug', retry: 'after-sync' });
    }
  };

  const pass = async (): Promise<Result<void>> => {
    const { store, relay, identity, locks } = session;
    for (let round = 0; ; round++) {
      const collected = await collect(store, relay, identity.device as string as StreamId, locks, clock);
      if (collected.ok && collected.value > 0) setLink('syncing');
      // What the service worker collected opens without a network too.
      const processed = await processInbox(session);
      if (!collected.ok) return collected;
      if (processed.welcomes > 0) refillDue = true;
      const changes = await carryOutWaiting();
      if (!changes.ok) return changes;
      if (changes.value === 'again' && round < OVERTAKEN) continue;
      await sealWaiting(session);
      const drained = await drainOutbox(store, relay, locks);
      if (!drained.ok) return drained;
      // What the fence refused is sealed again once the commits behind it are here.
      if (drained.value.stale > 0 && round < OVERTAKEN) continue;
      break;
    }
    if (refillDue) {
      const refilled = await refillKeyPackages(store, relay, identity, locks, clock);
      if (!refilled.ok) return refilled;
      refillDue = false;
    }
    return { ok: true, value: undefined };
  };

  const carryOutWaiting = async (): Promise<Result<'done' | 'again'>> => {
    for (const operation of await waitingIntents(session.store)) {
      setLink('syncing');
      const progress = await carryOut(session, operation);
      if (!progress.ok) return progress;
      if (progress.value === 'again') return { ok: true, value: 'again' };
    }
    return { ok: true, value: 'done' };
  };

  const openDoorbell = async () => {
    if (ringing || disposed) return;
    ringing = true;
    let isReady = false;
    const opened = await session.relay.listen({
      onReady: () => {
        isReady = true;
        // What came between the pass and the open socket rang for nobody.
        poke();
      },
      onBell: poke,
      onEnd: () => {
        ringing = false;
        hangUp = undefined;
        if (disposed) return;
        // A relay whose sockets never open is still caught up with by the timer.
        if (isReady) poke();
        else cancelTimer = clock.after(LAST_RETRY_MS, poke);
      },
    });
    if (!opened.ok) ringing = false;
    else if (disposed) opened.value();
    else hangUp = opened.value;
  };

  const poke = () => {
    if (!disposed) void start();
  };

  return {
    poke,
    async syncNow() {
      // A pass that is under way may have passed the point that matters: wait for it and one more.
      if (running !== undefined) await running;
      await start();
    },
    watchLink(show) {
      watchers.add(show);
      show(link);
      return () => watchers.delete(show);
    },
    dispose() {
      disposed = true;
      cancelTimer();
      hangUp?.();
      watchers.clear();
    },
  };
}
