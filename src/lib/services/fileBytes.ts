import type { Bytes } from '../core/bytes.ts';
import { newId } from '../core/ids.ts';
import { err, ok, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { createChunkHash } from '../crypto/chunkHash.ts';
import { chunkCount, createFileCipher, PLAIN_CHUNK, SEALED_CHUNK } from '../crypto/fileCipher.ts';
import { createSha256 } from '../crypto/primitives.ts';
import type { FileTransferRow } from '../db/store.ts';
import { getBlob } from '../sync/blobs.ts';
import type { Composer } from '../sync/compose.ts';
import type { Session } from '../sync/session.ts';

/** Bytes of files between clear and disk, and from the relay to the disk: a chunk at a time. */

export interface SealedBlob {
  readonly transferId: string;
  readonly blobId: string;
  readonly key: Bytes;
  /** SHA-256 of the chunks as sealed. */
  readonly hash: Bytes;
  /** Of the file itself: see `crypto/chunkHash`. */
  readonly plainHash: Bytes;
}

/**
 * Reads a file chunk by chunk, and leaves its ciphertext in the store, in a transfer that is `active` until it is
 * said what becomes of it.
 * @param transferId a new id
 */
export async function sealBlob(
  { store, clock, random }: Composer,
  transferId: string,
  { blob, name }: { readonly blob: Blob; readonly name: string },
  blobId = newId<string>(random),
): Promise<SealedBlob> {
  const key = random.bytes(32);
  const { size } = blob;
  const chunks = chunkCount(size);
  const transfer: FileTransferRow = {
    transferId,
    blobId,
    fileName: name,
    fileSize: size,
    fileKey: key,
    direction: 'outbound',
    status: 'active',
    progress: 0,
    chunkSize: SEALED_CHUNK,
    chunksDone: 0,
    createdAt: clock.now(),
  };
  await store.fileTransfers.add(transfer);
  const cipher = await createFileCipher(key);
  const hash = createSha256();
  const plainHash = createChunkHash();
  for (let index = 0; index < chunks; index++) {
    const plain = new Uint8Array(await blob.slice(index * PLAIN_CHUNK, (index + 1) * PLAIN_CHUNK).arrayBuffer());
    const [chunk] = await Promise.all([cipher.seal(plain, index, index === chunks - 1), plainHash.update(plain)]);
    hash.update(chunk);
    await store.fileChunks.add({ transferId, index, chunk });
  }
  const fileHash = new Uint8Array(hash.digest());
  await store.fileTransfers.update(transferId, { fileHash });
  return { transferId, blobId, key, hash: fileHash, plainHash: plainHash.digest() };
}

/** The hash of a file as {@link sealBlob} gives it, without sealing anything. */
export async function hashOfBlob(blob: Blob): Promise<Bytes> {
  const hash = createChunkHash();
  for (let index = 0; index < chunkCount(blob.size); index++)
    await hash.update(new Uint8Array(await blob.slice(index * PLAIN_CHUNK, (index + 1) * PLAIN_CHUNK).arrayBuffer()));
  return hash.digest();
}

/**
 * Sees to it that the bytes are on this device; a fetch that broke off goes on where it was.
 * Refused: `network`, `file-not-there-yet`, `file-damaged`.
 */
export async function fetchBytes(
  session: Session,
  { transferId, direction, status }: FileTransferRow,
): Promise<Result<void>> {
  if (direction === 'outbound' || status === 'completed') return ok(undefined);
  return session.locks.run(`file ${transferId}`, () => fetchAll(session, transferId));
}

async function fetchAll(session: Session, transferId: string): Promise<Result<void>> {
  const { store, relay, clock } = session;
  const transfer = await store.fileTransfers.get(transferId);
  if (transfer?.blobId === undefined || transfer.status === 'completed') return ok(undefined);
  const chunks = chunkCount(transfer.fileSize);
  let index = transfer.chunksDone;
  await store.fileTransfers.update(transferId, { status: 'active' });
  const got = await getBlob(relay, transfer.blobId, index * SEALED_CHUNK, async (chunk) => {
    await store.tx('rw', ['fileTransfers', 'fileChunks'], async () => {
      await store.fileChunks.put({ transferId, index, chunk });
      index++;
      const progress = Math.min(100, Math.round((100 * index) / chunks));
      await store.fileTransfers.update(transferId, { chunksDone: index, progress });
    });
    return index < chunks;
  });
  if (!got.ok) {
    await store.fileTransfers.update(transferId, { status: 'paused' });
    // The message came before the file: it is still on its way from its sender.
    return got.error.code === 'not-found' ? err({ code: 'file-not-there-yet', retry: 'now' }) : got;
  }
  if (!(await isWhole(session, transfer))) {
    await store.tx('rw', ['fileTransfers', 'fileChunks'], async () => {
      await store.fileChunks.where(':id').between([transferId, 0], [transferId, Infinity]).delete();
      await store.fileTransfers.update(transferId, { status: 'failed', chunksDone: 0, progress: 0 });
    });
    return err(DAMAGED);
  }
  await store.fileTransfers.update(transferId, { status: 'completed', progress: 100, completedAt: clock.now() });
  return ok(undefined);
}

async function isWhole({ store }: Session, { transferId, fileHash, fileSize }: FileTransferRow): Promise<boolean> {
  const hash = createSha256();
  for (let index = 0; index < chunkCount(fileSize); index++) {
    const row = await store.fileChunks.get([transferId, index]);
    if (row === undefined) return false;
    hash.update(row.chunk);
  }
  const found = hash.digest();
  return fileHash?.length === found.length && fileHash.every((byte, i) => byte === found[i]);
}

/** The file in clear, from the chunks that are here. Refused: `file-damaged`. */
export const plainFile = (
  { store }: Session,
  { transferId, fileKey, fileSize }: FileTransferRow,
  type: string,
): Promise<Result<Blob>> =>
  settle(async () => {
    if (fileKey === undefined) return refuse(DAMAGED);
    const cipher = await createFileCipher(fileKey);
    const chunks = chunkCount(fileSize);
    const parts: Blob[] = [];
    for (let index = 0; index < chunks; index++) {
      const row = await store.fileChunks.get([transferId, index]);
      const plain = row && (await cipher.open(new Uint8Array(row.chunk), index, index === chunks - 1));
      // Browsers keep blobs outside of the program's memory.
      parts.push(new Blob([plain ?? refuse(DAMAGED)]));
    }
    return new Blob(parts, { type });
  });

const DAMAGED: Fault<'file-damaged'> = { code: 'file-damaged', retry: 'person' };
