import type { Clock, Locks } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { sealedSize, SEALED_CHUNK } from '../crypto/fileCipher.ts';
import { alterTransfer, waitingUploads } from '../db/fileTransfers.ts';
import type { FileTransferRow, Store } from '../db/store.ts';
import { putBlob } from './blobs.ts';
import type { RelayClient } from './relayClient.ts';

/** What an upload needs: the chunks are ciphertext already, so it goes on while the app is locked. */
interface Uploader {
  readonly store: Store;
  readonly relay: RelayClient;
  readonly locks: Locks;
  readonly clock: Clock;
}

/**
 * Uploads the files that wait, oldest first, each from where it stopped; one tab at a time. What the relay
 * refuses for good stays as failed, what the network breaks off stays waiting.
 * @param isOver whether to stop after the chunk under way
 */
export const uploadWaiting = (device: Uploader, isOver: () => boolean): Promise<Result<void>> =>
  device.locks.run('uploads', async () => {
    for (const row of await waitingUploads(device.store)) {
      const sent = isOver() ? ok(undefined) : await upload(device, row, isOver);
      if (!sent.ok) return sent;
    }
    return ok(undefined);
  });

async function upload(
  { store, relay, clock }: Uploader,
  row: FileTransferRow,
  isOver: () => boolean,
): Promise<Result<void>> {
  const { transferId, blobId, fileSize } = row;
  // Unlocked, what an earlier version sealed has it in `fileHash`.
  const sha256 = row.blobHash ?? row.fileHash;
  if (blobId === undefined || sha256 === undefined) return ok(undefined);
  const size = sealedSize(fileSize);
  const source = {
    id: blobId,
    size,
    sha256,
    read: async (offset: number) => {
      const chunk = await store.fileChunks.get([transferId, offset / SEALED_CHUNK]);
      return new Uint8Array(chunk?.chunk ?? []);
    },
  };
  let shown = -1;
  const done = await putBlob(relay, source, async (received) => {
    const progress = Math.floor((100 * received) / size);
    const chunksDone = Math.ceil(received / SEALED_CHUNK);
    const isTold = progress === shown;
    shown = progress;
    const now = isTold
      ? await store.fileTransfers.get(transferId)
      : await alterTransfer(store, transferId, (each) =>
          each.status === 'pending' ? { ...each, progress, chunksDone } : undefined,
        );
    // A person, or another tab of theirs, may have thought otherwise.
    return !isOver() && now?.status === 'pending';
  });
  if (done.ok && done.value) {
    const at = clock.now();
    const over = { status: 'completed', progress: 100, completedAt: at, lastUsedAt: at } as const;
    await alterTransfer(store, transferId, ({ errorMessage: _, ...each }) => ({ ...each, ...over }));
  } else if (!done.ok) {
    if (done.error.retry === 'now' || done.error.code === 'network') return done;
    await alterTransfer(store, transferId, (each) =>
      each.status === 'pending' ? { ...each, status: 'failed', errorMessage: done.error.code } : undefined,
    );
  }
  return ok(undefined);
}
