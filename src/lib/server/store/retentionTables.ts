import type { DeviceId, StreamId } from '../../core/ids.ts';

/** How old entries go from the beginning of their streams. */
export interface RetentionTables {
  /**
   * Looks at the `most` streams behind `after`, by id, for those whose oldest entry came `before` then or sooner.
   * `next` is where to go on; `undefined` at the end.
   */
  dueStreams(
    after: StreamId | undefined,
    before: number,
    most: number,
  ): Promise<{ readonly due: readonly StreamId[]; readonly next: StreamId | undefined }>;
  /** Keeps how far devices have read of a locked stream; never goes back. */
  keepPassed(stream: StreamId, passed: ReadonlyMap<DeviceId, number>): Promise<void>;
  /**
   * The entry up to which everybody who may read the stream has: devices that are revoked or gone don't count.
   * `undefined` where nobody has anything left to read.
   */
  passedByAll(stream: StreamId): Promise<number | undefined>;
  /** The oldest entries, in order. */
  oldestEntries(stream: StreamId, most: number): Promise<readonly AgedEntry[]>;
  /** Removes the entries of a locked stream up to and with `through`, and keeps that they were there. */
  trim(stream: StreamId, through: number): Promise<void>;
}

export interface AgedEntry {
  readonly seq: number;
  /** When the relay took it. */
  readonly at: number;
  /** Bytes of its payload. */
  readonly size: number;
}

/** The same for every engine; the parameter is the stream. */
export const passedByAll = (parameter: string): string => `
  SELECT min(place) AS place FROM (
    SELECT m.until, CASE WHEN m.passed > m.since THEN m.passed ELSE m.since END AS place
    FROM stream_members m JOIN devices d ON d.id = m.device
    WHERE m.stream = ${parameter} AND d.status = 'active'
  ) AS stays WHERE until IS NULL OR until > place`;
