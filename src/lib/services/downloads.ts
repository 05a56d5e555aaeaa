import { ok, type Result } from '../core/result.ts';
import { alterTransfer, waitingDownloads } from '../db/fileTransfers.ts';
import type { FileTransferRow } from '../db/store.ts';
import { BLOB_HOLD_MS } from '../protocol/limits.ts';
import type { Session } from '../sync/session.ts';
import { fetchBytes } from './fileBytes.ts';

/**
 * Fetches the files that are wanted, one after the other, small ones first; one tab at a time. What the network
 * breaks off stays waiting, and so does what its sender has not uploaded yet.
 * @param isOver whether to stop after the chunk under way
 */
export const fetchWaiting = (session: Session, isOver: () => boolean): Promise<Result<void>> =>
  session.locks.run('downloads', async () => {
    const { store } = session;
    for (const { transferId } of await waitingDownloads(store)) {
      if (isOver()) break;
      const row = await store.fileTransfers.get(transferId);
      if (row?.status !== 'pending' && row?.status !== 'active') continue;
      const fetched = await fetchBytes(session, row, isOver);
      if (fetched.ok || isOver()) continue;
      if (fetched.error.code === 'network') return fetched;
      if (fetched.error.code === 'file-not-there-yet') await giveUpLate(session, row);
    }
    return ok(undefined);
  });

/** Nobody uploads a file after the time for which the relay would have kept it. */
const giveUpLate = ({ store, clock }: Session, { transferId }: FileTransferRow) =>
  alterTransfer(store, transferId, (row) =>
    row.status === 'pending' && clock.now() - row.createdAt > BLOB_HOLD_MS ? { ...row, status: 'failed' } : undefined,
  );
