import type { DeviceId, StreamId } from '../core/ids.ts';
import type { MemberRow } from './store/streamRows.ts';

/** Who reads each stream, as it was looked up last. Readers change with a commit only, and that ends the epoch. */
export interface Readers {
  /** The members in that epoch, or `undefined` where they have to be looked up. */
  of(stream: StreamId, epoch: number): readonly DeviceId[] | undefined;
  /** @param rows of one state of the store with `epoch`. */
  keep(stream: StreamId, epoch: number, rows: readonly MemberRow[]): void;
}

/** Devices kept in all, about 20 MB; then the streams that were looked up first go. */
const MOST_DEVICES = 200_000;

export function createReaders(): Readers {
  const known = new Map<StreamId, { readonly epoch: number; readonly devices: readonly DeviceId[] }>();
  let kept = 0;
  return {
    of: (stream, epoch) => {
      const row = known.get(stream);
      return row?.epoch === epoch ? row.devices : undefined;
    },
    keep: (stream, epoch, rows) => {
      forget(stream);
      const devices = rows.filter(({ until }) => until === undefined).map(({ device }) => device);
      known.set(stream, { epoch, devices });
      kept += devices.length + 1;
      for (const oldest of known.keys()) {
        if (kept <= MOST_DEVICES) break;
        forget(oldest);
      }
    },
  };

  function forget(stream: StreamId): void {
    const row = known.get(stream);
    if (row === undefined) return;
    known.delete(stream);
    kept -= row.devices.length + 1;
  }
}
