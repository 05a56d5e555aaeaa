import { refuse } from '../../core/result.ts';
import { storageFaultOf } from '../faults.ts';
import type { BackupDigestRow, Store, TableName } from '../store.ts';
import type { AnyRow } from '../validation.ts';
import { anyTable, keyOfRow } from './anyTable.ts';
import { backedUpTables, backupFilter, type RowFilter } from './contents.ts';
import { createDigestParts, digestOf, nothingBefore, readBefore } from './digests.ts';

/** Takes what a backup is to hold. Synchronous: it is called inside the transaction. */
export interface SnapshotTarget {
  rows(table: TableName, rows: readonly AnyRow[]): void;
  /** Keys that the backup before has, and the store has no more. */
  gone(table: TableName, keys: readonly unknown[]): void;
  /** A row that could not be opened. */
  damaged(table: TableName): void;
}

export interface SnapshotOptions {
  readonly target: SnapshotTarget;
  /** Only what is not as the last backup has it. */
  readonly isIncremental: boolean;
  progress(done: number, total: number): void;
  isCancelled(): boolean;
}

/** Bytes of rows read at a time, about. */
const SLICE = 512 * 1024;
const FIRST_ROWS = 32;
const MOST_ROWS = 1_000;

/**
 * Reads the store as it is at one moment, table for table and slice for slice, in one transaction: whoever
 * wants to write waits meanwhile. @returns the digests, to be stored once the backup is safe.
 * Refused: `cancelled`, `locked`.
 */
export async function takeSnapshot(store: Store, options: SnapshotOptions): Promise<BackupDigestRow[]> {
  const filter = await backupFilter(store);
  return store.tx('r', [...backedUpTables, 'backupDigests'], async () => {
    let total = 0;
    for (const name of backedUpTables) total += await anyTable(store, name).count();
    const digests: BackupDigestRow[] = [];
    let done = 0;
    for (const name of backedUpTables) {
      const parts = await readTable(store, name, filter, options, (count) => options.progress((done += count), total));
      digests.push(...parts);
    }
    return digests;
  });
}

async function readTable(
  store: Store,
  name: TableName,
  filter: RowFilter,
  { target, isIncremental, isCancelled }: SnapshotOptions,
  wereRead: (count: number) => void,
): Promise<BackupDigestRow[]> {
  const before = isIncremental ? readBefore(store, name) : nothingBefore;
  const parts = createDigestParts(name);
  let after: unknown;
  let limit = FIRST_ROWS;
  for (;;) {
    if (isCancelled()) refuse({ code: 'cancelled', retry: 'now' });
    const slice = await sliceAfter(store, name, after, limit);
    const fresh: AnyRow[] = [];
    const gone: unknown[] = [];
    let size = 0;
    if (slice.length > 0) await before.reach(slice.at(-1)?.key);
    for (const { key, row } of slice) {
      after = key;
      if (row === undefined) {
        // What the backup before has of it is still the best there is.
        const was = before.upTo(key);
        gone.push(...was.gone);
        if (was.hash === undefined) target.damaged(name);
        else parts.add([key, was.hash]);
        continue;
      }
      const kept = filter(name, row);
      if (kept === undefined) continue;
      const { digest, size: bytes } = digestOf(store, key, kept);
      size += bytes;
      parts.add(digest);
      const was = before.upTo(key);
      gone.push(...was.gone);
      if (was.hash !== digest[1]) fresh.push(kept);
    }
    if (slice.length < limit) gone.push(...(await before.rest()));
    if (gone.length > 0) target.gone(name, gone);
    if (fresh.length > 0) target.rows(name, fresh);
    wereRead(slice.length);
    if (slice.length < limit) return parts.rows();
    limit = Math.max(1, Math.min(MOST_ROWS, Math.floor(SLICE / Math.max(1, size / slice.length))));
  }
}

interface Read {
  readonly key: unknown;
  /** Absent where it is damaged. */
  readonly row: AnyRow | undefined;
}

async function sliceAfter(store: Store, name: TableName, after: unknown, limit: number): Promise<Read[]> {
  const table = anyTable(store, name);
  const slice = () => (after === undefined ? table.orderBy(':id') : table.where(':id').above(after)).limit(limit);
  try {
    return (await slice().toArray()).map((row) => ({ key: keyOfRow(name, row), row }));
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown;
  }
  // One of them does not open: then each for itself.
  const read: Read[] = [];
  for (const key of await slice().primaryKeys()) {
    read.push({
      key,
      row: await table.get(key).catch((thrown: unknown) => (isDamage(thrown) ? undefined : raise(thrown))),
    });
  }
  return read;
}

const isDamage = (thrown: unknown): boolean => storageFaultOf(thrown)?.code === 'sealed-value-damaged';

const raise = (thrown: unknown): never => {
  throw thrown;
};
