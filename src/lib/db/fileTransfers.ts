import { currentOf } from '../domain/space.ts';
import type { FileTransferRow, Store } from './store.ts';

/** Files that go up and come down: what waits, what is under way, and what lies here though it need not. */

/**
 * Changes one row in a transaction of its own, unless it has gone meanwhile.
 * @param alter the row as it is to be; `undefined` leaves it
 * @returns the row as it is now, `undefined` where it has gone
 */
export const alterTransfer = (
  store: Store,
  id: string,
  alter: (row: FileTransferRow) => FileTransferRow | undefined,
): Promise<FileTransferRow | undefined> =>
  store.tx('rw', ['fileTransfers', 'fileChunks'], async () => {
    const before = await store.fileTransfers.get(id);
    const after = before === undefined ? undefined : alter(before);
    if (after !== undefined) await store.fileTransfers.put(after);
    return after ?? before;
  });

/** Ciphertext of a download that is not wanted any more, inside the caller's transaction. */
export const dropChunks = async (store: Store, id: string): Promise<void> => {
  await store.fileChunks.where(':id').between([id, 0], [id, Infinity]).delete();
};

/** Uploads that wait, the oldest first. */
export const waitingUploads = async (store: Store): Promise<FileTransferRow[]> =>
  (await byStatus(store, 'pending').toArray()).filter(({ direction }) => direction === 'outbound');

/** Downloads that somebody wants, also those that a crash broke off; small ones first. */
export async function waitingDownloads(store: Store): Promise<FileTransferRow[]> {
  const rows = [...(await byStatus(store, 'pending').toArray()), ...(await byStatus(store, 'active').toArray())];
  return rows.filter(({ direction }) => direction === 'inbound').sort((a, b) => a.fileSize - b.fileSize);
}

/** Uploads and downloads that wait, by id: the newest of them, so that one that is new is among them. */
export const waitingTransfers = (store: Store): Promise<string[]> =>
  Promise.resolve(byStatus(store, 'pending').reverse().limit(MOST_WATCHED).primaryKeys());

const MOST_WATCHED = 500;

/** How many files lie here that came from the relay or went there. */
export const countKept = (store: Store): Promise<number> =>
  Promise.resolve(store.fileTransfers.where('lastUsedAt').above(-Infinity).count());

const byStatus = (store: Store, status: FileTransferRow['status']) =>
  store.fileTransfers.where('[status+createdAt]').between([status, -Infinity], [status, Infinity]);

/** Done or given up: so many are shown. */
const MOST_OVER = 20;

/** What was asked for: what is not over first, each the latest first, at most `limit` of a status. */
export async function askedTransfers(store: Store, limit: number): Promise<FileTransferRow[]> {
  const rows: FileTransferRow[] = [];
  for (const status of ['active', 'pending', 'paused', 'failed', 'completed', 'cancelled'] as const) {
    const isOver = status === 'completed' || status === 'cancelled';
    const some = store.fileTransfers
      .where('[status+askedAt]')
      .between([status, -Infinity], [status, Infinity])
      .reverse()
      .limit(isOver ? MOST_OVER : limit);
    rows.push(...(await some.toArray()));
  }
  return rows;
}

/** What is over is listed no more. */
export const forgetOver = (store: Store): Promise<void> =>
  store.tx('rw', ['fileTransfers', 'fileChunks'], async () => {
    for (const status of ['completed', 'cancelled'] as const) {
      const rows = store.fileTransfers.where('[status+askedAt]').between([status, -Infinity], [status, Infinity]);
      for (const { askedAt: _asked, ...row } of await rows.toArray()) await store.fileTransfers.put(row);
    }
  });

/** A file that lies here, as the clear columns tell it. */
export interface KeptFile {
  readonly transferId: string;
  readonly size: number;
  /** When it was looked at last. */
  readonly usedAt: number;
}

/** Files whose bytes came from the relay or went there, those looked at longest ago first. Nothing is opened. */
export async function keptFiles(store: Store): Promise<KeptFile[]> {
  const below = await store.beneath();
  try {
    const rows = await below.fileTransfers.orderBy('lastUsedAt').toArray();
    return rows
      .filter(isKept)
      .map(({ transferId, fileSize: size, lastUsedAt: usedAt = 0 }) => ({ transferId, size, usedAt }));
  } finally {
    below.close();
  }
}

/** An own file has its full progress only where the relay has all of it. */
export const isKept = ({ status, progress, blobId }: FileTransferRow): boolean =>
  status === 'completed' && progress === 100 && blobId !== undefined;

/**
 * Takes the bytes of a file from this device that the relay keeps for it until `heldUntil`; they can be fetched
 * again. Files of workspaces are then known to be elsewhere.
 */
export const evict = (store: Store, id: string, heldUntil: number): Promise<void> =>
  store.tx('rw', ['fileTransfers', 'fileChunks', 'fileVersions', 'fileSyncState'], async () => {
    const row = await store.fileTransfers.get(id);
    if (row === undefined || !isKept(row)) return;
    const { askedAt: _asked, lastUsedAt: _used, completedAt: _completed, ...rest } = row;
    const away = { direction: 'inbound', status: 'paused', progress: 0, chunksDone: 0, heldUntil } as const;
    await store.fileTransfers.put({ ...rest, ...away });
    await dropChunks(store, id);
    await setPlace(store, id, 'synced', 'pending');
  });

/** The bytes of a workspace's file are here now, inside the caller's transaction. */
export const markHere = (store: Store, id: string): Promise<void> => setPlace(store, id, 'pending', 'synced');

async function setPlace(store: Store, id: string, from: 'pending' | 'synced', to: 'pending' | 'synced'): Promise<void> {
  const versions = await store.fileVersions.where('transferId').equals(id).toArray();
  for (const { fileId } of versions) {
    const file = await store.fileSyncState.get(fileId);
    const isCurrent = file?.metadata !== undefined && currentOf(file.metadata)?.b === id;
    if (isCurrent && file.syncStatus === from) await store.fileSyncState.update(fileId, { syncStatus: to });
  }
}

/** Bytes that only the relay has, whose time there is over before `before`. */
export const heldTransfers = (store: Store, before: number): Promise<FileTransferRow[]> =>
  Promise.resolve(store.fileTransfers.where('heldUntil').below(before).toArray());
