import type { DeviceId, StreamId } from '../core/ids.ts';

/** How far devices have read, as their cursors say, until the store is told. */
export interface Passed {
  /** The device has every entry of the stream up to `seq`. */
  note(stream: StreamId, device: DeviceId, seq: number): void;
  /** Hands over what was noted, by stream, and forgets it. */
  takeAll(): ReadonlyMap<StreamId, ReadonlyMap<DeviceId, number>>;
  /** Devices and streams that wait. */
  size(): number;
}

/** About 10 MB. What is not noted is said again with the next catch-up. */
const MOST_NOTED = 100_000;

export function createPassed(): Passed {
  let noted = new Map<StreamId, Map<DeviceId, number>>();
  let size = 0;
  return {
    note: (stream, device, seq) => {
      const devices = noted.get(stream);
      const before = devices?.get(device);
      if (before === undefined) {
        if (size >= MOST_NOTED) return;
        size += 1;
      }
      if (devices === undefined) noted.set(stream, new Map([[device, seq]]));
      else devices.set(device, Math.max(seq, before ?? 0));
    },
    takeAll: () => {
      const taken = noted;
      noted = new Map();
      size = 0;
      return taken;
    },
    size: () => size,
  };
}
