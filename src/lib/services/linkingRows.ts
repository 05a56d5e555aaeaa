import { cborFromValue } from '../protocol/wire.ts';
import { anyTable } from '../db/backup/anyTable.ts';
import type { FileTransferRow, Store, TableName } from '../db/store.ts';
import type { AnyRow } from '../db/validation.ts';

/**
 * What a linked device gets before its first look, table for table, parents before children: everything but
 * messages, what belongs to one device alone (keys of groups, chains, cursors, outbox, logs), and caches.
 */
export const linkedTables: readonly TableName[] = [
  'keyStore',
  'users',
  'profilePictures',
  'devices',
  'contacts',
  'groups',
  'groupMembers',
  'conversations',
  'accessControl',
  'retentionPolicies',
  'fileTransfers',
  'workspaces',
  'fileSyncState',
  'fileVersions',
];

/** Keys of `keyStore` that are one device's own: each has its passphrase and its leaves. */
const OWN_KEYS: ReadonlySet<unknown> = new Set(['database', 'mlsSignature']);

/** The rows of a table as another device takes them. */
export async function rowsToGive(store: Store, table: TableName): Promise<AnyRow[]> {
  if (table === 'fileTransfers') return transfersOfVersions(store);
  const rows = await anyTable(store, table).toArray();
  switch (table) {
    case 'keyStore':
      return rows.filter((row) => !OWN_KEYS.has(row['keyId']));
    case 'conversations':
      // Counted there, as the messages arrive.
      return rows.map((row) => ({ ...row, unreadCount: 0 }));
    default:
      return rows;
  }
}

/** Files of workspaces; those on messages come with them. */
async function transfersOfVersions(store: Store): Promise<AnyRow[]> {
  const ids = (await store.fileVersions.toArray()).flatMap(({ transferId }) => transferId ?? []);
  return transfersToGive(store, ids);
}

/** Where files are to be had, for a device that has nothing of them yet. */
export async function transfersToGive(store: Store, ids: readonly string[]): Promise<AnyRow[]> {
  const rows = await store.fileTransfers.bulkGet([...new Set(ids)]);
  return rows.flatMap((row) => (row?.blobId === undefined ? [] : [unfetched(row)]));
}

function unfetched(row: FileTransferRow): AnyRow {
  const { completedAt: _at, askedAt: _asked, lastUsedAt: _used, heldUntil: _held, errorMessage: _error, ...kept } = row;
  return { ...kept, direction: 'inbound', status: 'paused', progress: 0, chunksDone: 0 };
}

/** Bytes of rows in one box, about. */
const BOX_BYTES = 384 * 1024;

/** Rows in runs that fit into a box; a row is never split. */
export function inBoxes<T>(rows: readonly T[]): T[][] {
  const runs: T[][] = [];
  let size = Infinity;
  for (const row of rows) {
    const bytes = cborFromValue(row).length;
    if (size + bytes > BOX_BYTES) {
      runs.push([]);
      size = 0;
    }
    runs.at(-1)?.push(row);
    size += bytes;
  }
  return runs;
}
