import { hexFromBytes } from '../../core/bytes.ts';
import { deleteSetting, getSetting, setSetting } from '../settings.ts';
import type { BackupDigestRow, BackupMetadataRow, Store } from '../store.ts';

/** What this device knows of the backup files it made. The files themselves are wherever their person put them. */

/** How long a backup stays in the list. */
const LISTED_MS = 365 * 24 * 3600_000;

export type BackupType = BackupMetadataRow['backupType'];

/** How a file is sealed, and what it adds to. */
export interface EncryptionInfo {
  readonly algorithm: string;
  readonly openedBy: readonly ('phrase' | 'passphrase')[];
  readonly base?: string;
}

interface TableSummary {
  readonly table: string;
  readonly count: number;
  readonly gone: number;
  readonly size: number;
  readonly checksum: Uint8Array;
}

export async function recordBackupStarted(
  store: Store,
  backup: { readonly id: string; readonly type: BackupType; readonly info: EncryptionInfo },
  now: number,
): Promise<void> {
  const { id, type, info } = backup;
  await store.backupMetadata.put({
    backupId: id,
    backupType: type,
    createdAt: now,
    status: 'running',
    encryptionInfo: { ...info },
  });
}

/** The file is with its person: from here on the next one may add to it. */
export async function recordBackupCompleted(
  store: Store,
  backup: {
    readonly id: string;
    readonly size: number;
    readonly tables: readonly TableSummary[];
    readonly integrity: Uint8Array;
    readonly digests: readonly BackupDigestRow[];
  },
  now: number,
): Promise<void> {
  const { id, size, tables, integrity, digests } = backup;
  await store.tx('rw', ['backupMetadata', 'backupContents', 'backupDigests'], async () => {
    await store.backupMetadata.update(id, {
      status: 'completed',
      completedAt: now,
      totalSize: size,
      fileCount: 1,
      integrityHash: hexFromBytes(integrity),
      retentionUntil: now + LISTED_MS,
    });
    await store.backupContents.bulkPut(
      tables.map(({ table, count, gone, size: dataSize, checksum }) => ({
        backupId: id,
        tableName: table,
        recordCount: count + gone,
        dataSize,
        checksum: hexFromBytes(checksum),
      })),
    );
    await store.backupDigests.clear();
    await store.backupDigests.bulkPut([...digests]);
  });
}

export async function recordBackupFailed(store: Store, id: string): Promise<void> {
  await store.backupMetadata.update(id, { status: 'failed' });
}

/** Backups that were under way when the app was closed came to nothing. */
export async function failUnfinishedBackups(store: Store): Promise<void> {
  const running = await store.backupMetadata
    .where('[status+createdAt]')
    .between(['running', -Infinity], ['running', Infinity])
    .primaryKeys();
  for (const id of running) await recordBackupFailed(store, id);
}

/** Newest first. */
export async function listBackups(store: Store): Promise<BackupMetadataRow[]> {
  const rows = await store.backupMetadata.toArray();
  return rows.sort((a, b) => b.createdAt - a.createdAt);
}

/** The backup that an increment adds to: the last one completed, while what it holds is still known. */
export async function lastBackup(store: Store): Promise<BackupMetadataRow | undefined> {
  if ((await store.backupDigests.limit(1).count()) === 0) return undefined;
  return lastCompleted(await listBackups(store));
}

export const lastCompleted = (rows: readonly BackupMetadataRow[]): BackupMetadataRow | undefined =>
  rows
    .filter((row) => row.status === 'completed')
    .reduce<BackupMetadataRow | undefined>(
      (last, row) => ((row.completedAt ?? 0) >= (last?.completedAt ?? 0) ? row : last),
      undefined,
    );

/** Takes a backup off the list; when it is the one that the next would add to, the next is a full one. */
export async function deleteBackup(store: Store, id: string): Promise<void> {
  await store.tx('rw', ['backupMetadata', 'backupContents', 'backupDigests'], async () => {
    if ((await lastBackup(store))?.backupId === id) await store.backupDigests.clear();
    await store.backupMetadata.delete(id);
  });
}

export type Reminder = 'weekly' | 'monthly' | 'off';
const REMINDER = 'backup reminder';
const DAY_MS = 24 * 3600_000;
const EVERY_MS: Readonly<Record<Reminder, number>> = { weekly: 7 * DAY_MS, monthly: 30 * DAY_MS, off: Infinity };

export const backupReminder = async (store: Store): Promise<Reminder> =>
  (await getSetting<Reminder>(store, REMINDER)) ?? 'monthly';

export const setBackupReminder = (store: Store, reminder: Reminder, now: number): Promise<void> =>
  reminder === 'monthly' ? deleteSetting(store, REMINDER) : setSetting(store, REMINDER, reminder, now);

/** Whether it is time for a backup. @param since when there was first something to lose. */
export const isBackupDue = (
  reminder: Reminder,
  last: BackupMetadataRow | undefined,
  since: number,
  now: number,
): boolean => now - (last?.completedAt ?? since) >= EVERY_MS[reminder];
