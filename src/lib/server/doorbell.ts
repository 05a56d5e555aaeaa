import type { DeviceId, StreamId } from '../core/ids.ts';
import { settle } from '../core/result.ts';
import type { RelayContext } from './context.ts';
import type { Ring } from './bus/port.ts';

/** One listener of a device: a socket, or a test. */
export interface Listener {
  /** One of the device's streams grew up to `head`. */
  ring(ring: Ring): void;
  /** The session ended; nothing is rung any more. */
  ended(): void;
}

export interface Doorbell {
  /** @returns what ends the listening. */
  listen(device: DeviceId, listener: Listener): () => void;
  /** Tells the device's listeners that their session ended. */
  dismiss(device: DeviceId): void;
  close(): void;
}

/**
 * Rings the devices that are connected here and may read what grew. While the readers of some streams are
 * looked up, further rings of a stream melt into one.
 */
export function createDoorbell({ store, bus, logger }: Pick<RelayContext, 'store' | 'bus' | 'logger'>): Doorbell {
  const listeners = new Map<DeviceId, Set<Listener>>();
  let waiting = new Map<StreamId, { first: number; head: number }>();
  let working = false;
  const unsubscribe = bus.subscribe(({ stream, head }) => {
    if (listeners.size === 0) return;
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
    dismiss: (device) => {
      for (const listener of [...(listeners.get(device) ?? [])]) {
        forget(device, listener);
        listener.ended();
      }
    },
    close: () => {
      unsubscribe();
      listeners.clear();
      waiting.clear();
    },
  };

  function forget(device: DeviceId, listener: Listener): void {
    const known = listeners.get(device);
    known?.delete(listener);
    if (known?.size === 0) listeners.delete(device);
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
    const readers = await store.read(({ streams }) =>
      Promise.all(
        [...grown].map(async ([stream, { first }]) => ({ stream, rows: await streams.readersOf(stream, first - 1) })),
      ),
    );
    for (const { stream, rows } of readers) {
      const head = grown.get(stream)?.head ?? 0;
      for (const { device, since, until } of rows) {
        const last = Math.min(head, until ?? head);
        if (last <= since) continue;
        for (const listener of [...(listeners.get(device) ?? [])]) listener.ring({ stream, head: last });
      }
    }
  }
}
