import type { DeviceId, StreamId } from '../core/ids.ts';
import { settle } from '../core/result.ts';
import type { RelayContext } from './context.ts';
import type { Fresh, Ring, Signal } from './bus/port.ts';
import { createReaders } from './readers.ts';

/** One listener of a device: a socket, or a test. */
export interface Listener {
  /** One of the device's streams grew up to `head`. */
  ring(ring: Ring): void;
  /** The same, with what is new, where that is at hand; where this is not there, {@link ring} is called. */
  grew?(ring: Ring, fresh: Fresh): void;
  /** A member of one of the device's streams says something that nobody keeps. */
  signalled?(signal: Signal): void;
  /** The session ended; nothing is rung any more. */
  ended(): void;
}

export interface Doorbell {
  /** @returns what ends the listening. */
  listen(device: DeviceId, listener: Listener): () => void;
  /** Tells the device's listeners that their session ended. */
  dismiss(device: DeviceId): void;
  /** How many listen for the device here. */
  listenersOf(device: DeviceId): number;
  /** Devices that are listened for here. */
  listening(): number;
  /** Streams that grew and whose readers are not looked up yet. */
  waiting(): number;
  close(): void;
}

/** After this long a ring that the bus lost is made up for. */
export const RING_SWEEP_MS = 15_000;
/** Signals whose readers are looked up at the same time; more are lost. */
const MOST_SIGNALS = 64;
/** Devices that are looked up in one go. */
const SWEPT_TOGETHER = 64;

/**
 * Rings the devices that are connected here and may read what grew; what is new goes with the bell where it was
 * taken by this process and the readers are known. They are looked up once for each epoch of a stream. While the readers of some streams are
 * looked up, further rings of a stream melt into one. Where the bus may lose rings, the heads of what the
 * connected devices read are looked up every {@link RING_SWEEP_MS}, and what was not rung is rung then; a device
 * that was revoked meanwhile is dismissed.
 */
export function createDoorbell(context: Pick<RelayContext, 'store' | 'bus' | 'clock' | 'logger'>): Doorbell {
  const { store, bus, clock, logger } = context;
  const readers = createReaders();
  const listeners = new Map<DeviceId, Set<Listener>>();
  /** Up to where each device was rung; kept only for the sweep. */
  const rung = new Map<DeviceId, Map<StreamId, number>>();
  let stopSweeping = bus.mayLose ? clock.after(RING_SWEEP_MS, () => void sweep()) : () => undefined;
  let closed = false;
  let waiting = new Map<StreamId, { first: number; head: number }>();
  let working = false;
  let signalsLookedUp = 0;
  const stopHearing = bus.onSignal((signal) => {
    if (listeners.size === 0) return;
    const present = readers.of(signal.stream, signal.epoch);
    if (present !== undefined) pass(signal, present);
    else if (signalsLookedUp < MOST_SIGNALS) void passOnceKnown(signal);
  });
  const unsubscribe = bus.subscribe((bell, fresh) => {
    if (listeners.size === 0) return;
    const { stream, head } = bell;
    const present = fresh && readers.of(stream, fresh.epoch);
    if (present !== undefined) {
      for (const device of present) ring(device, bell, fresh);
      return;
    }
    const before = waiting.get(stream);
    waiting.set(stream, { first: Math.min(head, before?.first ?? head), head: Math.max(head, before?.head ?? head) });
    if (!working) void ringAll();
  });

  return {
    listen: (device, listener) => {
      const known = listeners.get(device);
      if (known === undefined) listeners.set(device, new Set([listener]));
      else known.add(listener);
      return () => forget(device, listener);
    },
    dismiss,
    listening: () => listeners.size,
    waiting: () => waiting.size,
    listenersOf: (device) => listeners.get(device)?.size ?? 0,
    close: () => {
      closed = true;
      stopSweeping();
      stopHearing();
      unsubscribe();
      listeners.clear();
      waiting.clear();
    },
  };

  function dismiss(device: DeviceId): void {
    for (const listener of [...(listeners.get(device) ?? [])]) {
      forget(device, listener);
      listener.ended();
    }
  }

  function forget(device: DeviceId, listener: Listener): void {
    const known = listeners.get(device);
    known?.delete(listener);
    if (known?.size !== 0) return;
    listeners.delete(device);
    rung.delete(device);
  }

  function ring(device: DeviceId, bell: Ring, fresh?: Fresh): void {
    const known = listeners.get(device);
    if (known === undefined) return;
    for (const listener of [...known]) {
      if (fresh !== undefined && listener.grew !== undefined) listener.grew(bell, fresh);
      else listener.ring(bell);
    }
    if (!bus.mayLose) return;
    const { stream, head } = bell;
    const heads = rung.get(device) ?? new Map<StreamId, number>();
    heads.set(stream, Math.max(head, heads.get(stream) ?? 0));
    rung.set(device, heads);
  }

  /** Everybody who reads the stream, but the device that says it. */
  function pass(signal: Signal, present: readonly DeviceId[]): void {
    for (const device of present) {
      if (device === signal.sender) continue;
      for (const listener of [...(listeners.get(device) ?? [])]) listener.signalled?.(signal);
    }
  }

  /** To who reads the stream now, which may be somebody else than when it was taken. */
  async function passOnceKnown(signal: Signal): Promise<void> {
    signalsLookedUp++;
    const found = await settle(() =>
      store.read(async ({ streams }) => {
        const row = await streams.lockStream(signal.stream);
        return row && { epoch: row.epoch, rows: await streams.readersOf(signal.stream, row.head) };
      }),
    );
    signalsLookedUp--;
    if (!found.ok || found.value === undefined || closed) return;
    const { epoch, rows } = found.value;
    readers.keep(signal.stream, epoch, rows);
    pass(signal, readers.of(signal.stream, epoch) ?? []);
  }

  async function sweep(): Promise<void> {
    const devices = [...listeners.keys()];
    while (devices.length > 0 && !closed) {
      const some = devices.splice(0, SWEPT_TOGETHER);
      const swept = await settle(() =>
        store.read(({ streams, accounts }) =>
          Promise.all(
            some.map(async (device) => ({
              status: (await accounts.findDevice(device))?.status,
              rows: await streams.readableStreams(device),
            })),
          ),
        ),
      );
      if (!swept.ok) {
        logger.log('warn', 'ring-sweep-failed', { code: swept.error.code });
        break;
      }
      for (const [i, { status, rows }] of swept.value.entries()) {
        const device = some[i];
        if (device === undefined) continue;
        if (status !== 'active') {
          dismiss(device);
          continue;
        }
        for (const { stream, last } of rows)
          if (last > (rung.get(device)?.get(stream) ?? 0)) ring(device, { stream, head: last });
      }
    }
    if (!closed) stopSweeping = clock.after(RING_SWEEP_MS, () => void sweep());
  }

  async function ringAll(): Promise<void> {
    working = true;
    while (waiting.size > 0) {
      const now = waiting;
      waiting = new Map();
      const rung = await settle(() => ringReaders(now));
      // A lost ring loses nothing: the entry is found at the next catch-up.
      if (!rung.ok) logger.log('warn', 'rings-lost', { code: rung.error.code, streams: now.size });
    }
    working = false;
  }

  async function ringReaders(grown: ReadonlyMap<StreamId, { first: number; head: number }>): Promise<void> {
    const found = await store.read(({ streams }) =>
      Promise.all(
        [...grown].map(async ([stream, { first }]) => {
          const [row, rows] = await Promise.all([streams.lockStream(stream), streams.readersOf(stream, first - 1)]);
          return { stream, epoch: row?.epoch, rows };
        }),
      ),
    );
    for (const { stream, epoch, rows } of found) {
      if (epoch !== undefined) readers.keep(stream, epoch, rows);
      const head = grown.get(stream)?.head ?? 0;
      // One for all who hear the same, so that it is put into a frame once.
      const whole: Ring = { stream, head };
      for (const { device, since, until } of rows) {
        const last = Math.min(head, until ?? head);
        if (last > since) ring(device, last === head ? whole : { stream, head: last });
      }
    }
  }
}
