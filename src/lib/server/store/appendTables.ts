import type { DeviceId, StreamId } from '../../core/ids.ts';
import type { EntryRow, MemberRow, StreamRow, TakenEntry } from './streamRows.ts';

/** What several appends to several streams need, a statement for all of them together. */
export interface AppendTables {
  /**
   * The rows of those of `streams` that nobody else holds; like `lockStream` they are held until the
   * transaction ends. Waits for nobody, so that whoever holds one stream keeps no other waiting: what is
   * left out is held, or is not there.
   */
  lockFree(streams: readonly StreamId[]): Promise<ReadonlyMap<StreamId, StreamRow>>;
  /** The device's last stay in the stream, for each pair, in order. */
  findStays(pairs: readonly Stay[]): Promise<readonly (MemberRow | undefined)[]>;
  /** Those of `records` that their stream has, by {@link recordKey}. */
  findTaken(records: readonly RecordKey[]): Promise<ReadonlyMap<string, TakenEntry>>;
  /** Adds entries to locked streams, and `by` to the head of each. */
  insertAll(
    rows: readonly EntryOf[],
    moves: readonly { readonly stream: StreamId; readonly by: number }[],
  ): Promise<void>;
}

export interface Stay {
  readonly stream: StreamId;
  readonly device: DeviceId;
}

export interface RecordKey {
  readonly stream: StreamId;
  readonly id: string;
}

export type EntryOf = EntryRow & { readonly stream: StreamId };

export const recordKey = ({ stream, id }: RecordKey): string => `${stream}/${id}`;
