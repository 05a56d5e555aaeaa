import type { SnapshotTarget } from '../../../src/lib/db/backup/snapshot.ts';
import { takeSnapshot } from '../../../src/lib/db/backup/snapshot.ts';
import { backedUpTables, backupFilter } from '../../../src/lib/db/backup/contents.ts';
import { keysOfRows, loadRows, unloadRows } from '../../../src/lib/db/backup/load.ts';
import { beginLoading } from '../../../src/lib/db/backup/unfinished.ts';
import { recordBackupCompleted, recordBackupStarted } from '../../../src/lib/db/backup/records.ts';
import type { Store, TableName } from '../../../src/lib/db/store.ts';
import type { AnyRow } from '../../../src/lib/db/validation.ts';
import { NOW } from '../fixtures.ts';

/** What one backup holds, in memory. */
export type Copy = readonly (
  | { readonly table: TableName; readonly rows: readonly AnyRow[] }
  | { readonly table: TableName; readonly gone: readonly unknown[] }
)[];

/** Takes a backup without a file, and remembers it as made. */
export async function copyOf(
  store: Store,
  id: string,
  isIncremental: boolean,
): Promise<{ copy: Copy; damaged: string[] }> {
  const copy: Copy[number][] = [];
  const damaged: string[] = [];
  const target: SnapshotTarget = {
    rows: (table, rows) => void copy.push({ table, rows: structuredClone([...rows]) }),
    gone: (table, gone) => void copy.push({ table, gone: structuredClone([...gone]) }),
    damaged: (table) => void damaged.push(table),
  };
  const digests = await takeSnapshot(store, {
    target,
    isIncremental,
    progress: () => undefined,
    isCancelled: () => false,
  });
  const info = { algorithm: 'none', openedBy: [] };
  await recordBackupStarted(store, { id, type: isIncremental ? 'incremental' : 'full', info }, NOW);
  await recordBackupCompleted(store, { id, size: 0, tables: [], integrity: new Uint8Array(32), digests }, NOW);
  return { copy, damaged };
}

/** Puts copies into an empty store, the full one first, as a restore does. */
export async function putBack(store: Store, copies: readonly Copy[]): Promise<void> {
  await beginLoading(store, NOW);
  for (const copy of copies) {
    for (const part of copy)
      await unloadRows(store, part.table, 'gone' in part ? part.gone : keysOfRows(part.table, part.rows));
    for (const part of copy) if ('rows' in part) await loadRows(store, part.table, part.rows);
  }
}

/** Every row as a backup holds it. */
export async function everything(store: Store): Promise<ReadonlyMap<TableName, readonly AnyRow[]>> {
  const filter = await backupFilter(store);
  const tables = await Promise.all(
    backedUpTables.map(async (name) => {
      const rows = (await store[name].toArray()) as AnyRow[];
      const kept = rows.map((row) => filter(name, row)).filter((row) => row !== undefined);
      return [name, kept] as const;
    }),
  );
  return new Map(tables);
}
