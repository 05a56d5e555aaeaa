import type { DeviceId, StreamId } from '../../core/ids.ts';
import type { Entry, EntryKind } from '../../protocol/requests.ts';

export interface StreamRow {
  readonly kind: 'group' | 'mailbox';
  /** The highest sequence number taken, 0 when empty. */
  readonly head: number;
  /** The current epoch. */
  readonly epoch: number;
  /** Records of epochs before this one are refused. */
  readonly fence: number;
}

export interface MemberRow {
  readonly device: DeviceId;
  /** The member reads entries after this one … */
  readonly since: number;
  /** … up to and with this one: set once the device was removed. */
  readonly until: number | undefined;
}

/** What a device may read: the stream's head or, once it was removed, the entry that removed it. */
export interface ReadableRow {
  readonly stream: StreamId;
  readonly since: number;
  readonly last: number;
  /** Entries up to this one are gone: they were too old. */
  readonly trimmed: number;
  /** What the device said that it has read, as the store knows it. */
  readonly passed: number;
}

/** An entry as it is kept: `stream` stands beside it. */
export type EntryRow = Omit<Entry, 'stream'>;

export interface TakenEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly sender: DeviceId;
}
