import { ok, type Result } from '../core/result.ts';
import { sealedSize, SEALED_CHUNK } from '../crypto/fileCipher.ts';
import type { FileTransferRow } from '../db/store.ts';
import { putBlob } from '../sync/blobs.ts';
import type { Session } from '../sync/session.ts';

/**
 * Uploads the files that wait, oldest first, each from where it stopped; one tab at a time. What the relay
 * refuses for good stays as failed, what the network breaks off stays waiting.
 * @param isOver whether to stop after the chunk under way
 */
export const uploadWaiting = (session: Session, isOver: () => boolean): Promise<Result<void>> =>
  session.locks.run('uploads', async () => {
    const { store } = session;
    const rows = await store.fileTransfers
      .where('[status+createdAt]')
      .between(['pending', -Infinity], ['pending', Infinity])
      .toArray();
    for (const row of rows) {
      const sent = isOver() ? ok(undefined) : await upload(session, row, isOver);
      if (!sent.ok) return sent;
    }
    return ok(undefined);
  });

async function upload(session: Session, row: FileTransferRow, isOver: () => boolean): Promise<Result<void>> {
  const { store, relay, clock } = session;
  const { transferId, blobId, fileHash, fileSize } = row;
  if (blobId === undefined || fileHash === undefined) return ok(undefined);
  const size = sealedSize(fileSize);
  const source = {
    id: blobId,
    size,
    sha256: fileHash,
    read: async (offset: number) => {
      const chunk = await store.fileChunks.get([transferId, offset / SEALED_CHUNK]);
      return new Uint8Array(chunk?.chunk ?? []);
    },
  };
  let told = Promise.resolve<unknown>(undefined);
  const done = await putBlob(relay, source, (received) => {
    const progress = Math.floor((100 * received) / size);
    told = told.then(() =>
      store.fileTransfers.update(transferId, { progress, chunksDone: Math.ceil(received / SEALED_CHUNK) }),
    );
    return !isOver();
  });
  await told;
  if (done.ok && done.value) {
    await store.fileTransfers.update(transferId, { status: 'completed', progress: 100, completedAt: clock.now() });
  } else if (!done.ok) {
    if (done.error.retry === 'now' || done.error.code === 'network') return done;
    await store.fileTransfers.update(transferId, { status: 'failed', errorMessage: done.error.code });
  }
  return ok(undefined);
}
