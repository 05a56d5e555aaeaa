import type { StreamId } from '../core/ids.ts';
import { err, type Result } from '../core/result.ts';
import { settleStorage } from '../db/faults.ts';
import { hasFailures, hasUnsealed, waitingIntents } from '../db/outbox.ts';
import { hasLaterContents } from '../db/changes/later.ts';
import type { OfflineOperationRow } from '../db/store.ts';
import { collect } from './collect.ts';
import { CONTENT_VERSION } from './content.ts';
import type { SignalFrame } from '../protocol/signals.ts';
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
  /** @param show is told, besides, the code of what keeps the device offline until a person does something. */
  watchLink(show: (link: Link, refusal?: string) => void): () => void;
  /** What others signal while this device listens. */
  onSignal(hear: (signal: SignalFrame) => void): () => void;
  dispose(): void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** How often upkeep is worth its while. */
const UPKEEP_MS = 3600_000;
/** As long as a group is reached, the relay tells the time at least this often: a leaf gets new keys every week. */
const QUIET_MS = 8 * 24 * 3600_000;
/** Even a bell that never rings delays nothing for longer. */
const SWEEP_MS = 60_000;
/** A change that others keep overtaking is tried again at once this often in one pass. */
const OVERTAKEN = 5;

export function createEngine(session: Session): Engine {
  const { clock, logger } = session;
  const watchers = new Set<(link: Link, refusal?: string) => void>();
  const ears = new Set<(signal: SignalFrame) => void>();
  let link: Link = 'offline';
  let refusal: string | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let disposed = false;
  /** How often this loop found records that nothing could seal, and queued a return to the group. */
  let strandings = 0;
  let failures = 0;
  let nextUpkeep = 0;
  let heard = 0;
  let refillDue = true;
  let laterDue = true;
  let shutOutDue = true;
  let cancelTimer = () => {};
  let hangUp: (() => void) | undefined;
  let ringing = false;

  const setLink = (next: Link, why?: string) => {
    if (next === link && why === refusal) return;
    link = next;
    refusal = why;
    for (const show of watchers) show(link, refusal);
  };

  const start = (): Promise<void> => {
    again = true;
    return (running ??= loop().finally(() => (running = undefined)));
  };

  const loop = async () => {
    strandings = 0;
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
        const { code, retry } = result.error;
        logger.log('info', 'sync-paused', { code });
        failures++;
        setLink('offline', retry === 'person' || retry === 'never' ? code : undefined);
        const wait = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
        cancelTimer = clock.after(wait, poke);
      }
    }
  };

  /** One pass. A bug in it must not end syncing for good: it is logged and tried again later. */
  const attempt = async (): Promise<Result<void>> => {
    const began = clock.now();
    try {
      const result = await settleStorage(pass);
      if (result.ok && result.value.ok) session.meter?.took('sync', clock.now() - began, 'sync');
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
    if (laterDue && (await hasLaterContents(store, CONTENT_VERSION)))
      await (await import('./later.ts')).retryLater(session);
    laterDue = false;
    let overtaken: OfflineOperationRow | undefined;
    for (let round = 0; ; round++) {
      const collected = await collect(store, relay, identity.device as string as StreamId, locks, clock);
      if (collected.ok && collected.value.arrived > 0) setLink('syncing');
      // What the service worker collected opens without a network too.
      const processed = await processInbox(session);
      if (!collected.ok) return collected;
      heard = Math.max(heard, collected.value.heard);
      if (processed.welcomes > 0) refillDue = true;
      if (collected.value.held > 0 && round < OVERTAKEN) continue;
      await keepUp();
      if (overtaken !== undefined && collected.value.arrived === 0)
        await (await import('./stranded.ts')).settleOutrun(session, overtaken);
      const changes = await carryOutWaiting();
      if (!changes.ok) return changes;
      overtaken = changes.value;
      if (overtaken !== undefined && round < OVERTAKEN) continue;
      await sealWaiting(session);
      const drained = await drainOutbox(store, relay, locks);
      if (!drained.ok) return drained;
      // What the fence refused is sealed again once the commits behind it are here.
      if (drained.value.stale > 0 && round < OVERTAKEN) continue;
      if (await hasUnsealed(store)) {
        const { settleStranded } = await import('./stranded.ts');
        const isQueued = await settleStranded(session, drained.value.stale > 0);
        if (isQueued && ++strandings <= OVERTAKEN) again = true;
      }
      // What the service worker sent may have failed before this engine was there.
      shutOutDue ||= drained.value.failed > 0;
      if (shutOutDue && (await hasFailures(store))) {
        const { settleShutOut } = await import('./stranded.ts');
        if (await settleShutOut(session)) again = true;
      }
      shutOutDue = false;
      break;
    }
    if (refillDue) {
      const refilled = await refillKeyPackages(store, relay, identity, locks, clock, pastByAll());
      if (!refilled.ok) return refilled;
      refillDue = false;
    }
    return { ok: true, value: undefined };
  };

  /**
   * What ended before this is over by this device's clock and by the relay's. With a clock that is ahead for a
   * moment, keys would go that others have just used.
   */
  const pastByAll = (): number => Math.min(clock.now(), heard + QUIET_MS);

  const keepUp = async () => {
    // A clock that was ahead, and was put right, must not put it off.
    if (Math.abs(nextUpkeep - clock.now()) <= UPKEEP_MS && clock.now() < nextUpkeep) return;
    const { upkeep } = await import('./upkeep.ts');
    await upkeep(session, pastByAll());
    // Packages end, and others take them.
    refillDue = true;
    nextUpkeep = clock.now() + UPKEEP_MS;
  };

  /** @returns the change that somebody else's came before; those behind it wait until that is here. */
  const carryOutWaiting = async (): Promise<Result<OfflineOperationRow | undefined>> => {
    const waiting = await waitingIntents(session.store);
    if (waiting.length === 0) return { ok: true, value: undefined };
    const { carryOut } = await import('./carryOut.ts');
    const beside = new Set<string>();
    for (const operation of waiting) {
      const { lane, operationType } = operation;
      // Whoever is beside a group changes nothing in it: the others would have to follow them there.
      if (beside.has(lane) && operationType !== 'leave') continue;
      setLink('syncing');
      const progress = await carryOut(session, operation);
      if (!progress.ok) return progress;
      if (operationType === 'rejoin' && progress.value === 'waiting') beside.add(lane);
      if (progress.value === 'again') return { ok: true, value: operation };
    }
    return { ok: true, value: undefined };
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
      onBell: (stream) => {
        // Its mailbox also rings when the pool of KeyPackages runs low.
        if ((stream as string) === session.identity.device) refillDue = true;
        poke();
      },
      onSignal: (signal) => ears.forEach((hear) => hear(signal)),
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
      show(link, refusal);
      return () => watchers.delete(show);
    },
    onSignal(hear) {
      ears.add(hear);
      return () => ears.delete(hear);
    },
    dispose() {
      disposed = true;
      cancelTimer();
      hangUp?.();
      watchers.clear();
    },
  };
}
