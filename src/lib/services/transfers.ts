import { refuse, settle, type Result } from '../core/result.ts';
import { FILE_SETTINGS, readFileSettings } from '../db/fileSettings.ts';
import { askedTransfers, dropChunks, forgetOver, keptFiles } from '../db/fileTransfers.ts';
import { setSetting } from '../db/settings.ts';
import type { FileTransferRow } from '../db/store.ts';
import { changedStatus } from '../domain/transferStates.ts';
import type { Session } from '../sync/session.ts';
import type { FileSettingsItem, TransferChange, TransferItem } from './filesClient.ts';
import type { Viewer } from './viewer.ts';

/** What goes up and what comes down, and what a person does about it. */

export async function viewTransfers({ store }: Viewer, limit: number): Promise<TransferItem[]> {
  const rows = await askedTransfers(store, limit);
  return rows.filter(isShown).map(itemOf);
}

/** Not: what was sealed for a message that goes later, or for a workspace that nobody else has. */
const isShown = ({ direction, status, progress, blobHash }: FileTransferRow): boolean =>
  direction === 'inbound' ||
  ((status !== 'active' || blobHash === undefined) && (status !== 'completed' || progress === 100));

function itemOf(row: FileTransferRow): TransferItem {
  const { transferId, fileName, fileSize, direction, status, chunkSize, chunksDone, errorMessage } = row;
  return {
    id: transferId,
    name: fileName,
    size: fileSize,
    isUp: direction === 'outbound',
    state: stateOf(row),
    done: status === 'completed' ? fileSize : Math.min(fileSize, chunkSize * chunksDone),
    ...(errorMessage === undefined ? {} : { reason: errorMessage }),
  };
}

function stateOf({ direction, status, chunksDone, errorMessage }: FileTransferRow): TransferItem['state'] {
  switch (status) {
    case 'completed':
      return 'done';
    case 'active':
      return direction === 'outbound' ? 'preparing' : 'running';
    case 'pending':
      return chunksDone > 0 && errorMessage === undefined ? 'running' : 'waiting';
    default:
      return status;
  }
}

/**
 * Pauses, goes on with or cancels a transfer. What comes down leaves nothing when it is cancelled; what was to go up
 * stays here, and others can't have it. Refused: `not-found`, also where there is nothing to change.
 */
export const changeTransfer = ({ store, clock }: Session, id: string, change: TransferChange): Promise<Result<void>> =>
  settle(
    store.tx('rw', ['fileTransfers', 'fileChunks'], async () => {
      const found = await store.fileTransfers.get(id);
      const status = found === undefined || isSealing(found) ? undefined : changedStatus(found.status, change);
      if (found === undefined || status === undefined) return refuse({ code: 'not-found', retry: 'never' });
      const { errorMessage: _, ...row } = found;
      const isDropped = status === 'cancelled' && row.direction === 'inbound';
      if (isDropped) await dropChunks(store, id);
      await store.fileTransfers.put({
        ...row,
        status,
        askedAt: row.askedAt ?? clock.now(),
        ...(isDropped ? { progress: 0, chunksDone: 0 } : {}),
      });
    }),
  );

const isSealing = ({ direction, status }: FileTransferRow): boolean => direction === 'outbound' && status === 'active';

export const forgetTransfers = ({ store }: Session): Promise<Result<void>> => settle(forgetOver(store));

export async function viewFileSettings({ store }: Viewer): Promise<FileSettingsItem> {
  return readFileSettings(store);
}

/** Refused: `validation` for what is no number of bytes. */
export const changeFileSettings = (
  { store, clock }: Session,
  changes: Partial<FileSettingsItem>,
): Promise<Result<void>> =>
  settle(
    store.tx('rw', ['settings'], async () => {
      const next = { ...(await readFileSettings(store)), ...changes };
      if (Object.values(next).some((bytes) => !Number.isSafeInteger(bytes) || bytes < 0))
        refuse({ code: 'validation', retry: 'never' });
      await setSetting(store, FILE_SETTINGS, next, clock.now());
    }),
  );

/** Bytes of files that lie here and, as far as this device knows, at the relay too. */
export const keptBytes = async ({ store }: Viewer): Promise<number> =>
  (await keptFiles(store)).reduce((sum, { size }) => sum + size, 0);
