import { equal, type Bytes } from '../core/bytes.ts';
import { newId } from '../core/ids.ts';
import { err, ok, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { createChunkHash } from '../crypto/chunkHash.ts';
import { chunkCount, createFileCipher, PLAIN_CHUNK, SEALED_CHUNK } from '../crypto/fileCipher.ts';
import { createSha256 } from '../crypto/primitives.ts';
import { alterTransfer, dropChunks, isKept, markHere } from '../db/fileTransfers.ts';
import type { FileTransferRow } from '../db/store.ts';
import { getBlob } from '../sync/blobs.ts';
import type { Composer } from '../sync/compose.ts';
import type { Session } from '../sync/session.ts';
import { networkFault } from '../sync/transport.ts';

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
  const now = clock.now();
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
    createdAt: now,
    askedAt: now,
  };
  await store.fileTransfers.add(transfer);
  const sealed = await sealChunks(blob, key, async (chunk, index) => {
    await store.fileChunks.add({ transferId, index, chunk });
  });
  const { hash: fileHash, plainHash } = sealed;
  await store.fileTransfers.update(transferId, { fileHash, blobHash: fileHash });
  return { transferId, blobId, key, hash: fileHash, plainHash };
}

/**
 * Seals a file chunk by chunk, in order, and hashes it before and after.
 * @param key 32 random bytes
 * @param take gets each sealed chunk
 */
export async function sealChunks(
  blob: Blob,
  key: Bytes,
  take: (chunk: Bytes, index: number) => Promise<void>,
): Promise<Pick<SealedBlob, 'hash' | 'plainHash'>> {
  const chunks = chunkCount(blob.size);
  const cipher = await createFileCipher(key);
  const hash = createSha256();
  const plainHash = createChunkHash();
  const seal = async (index: number): Promise<Bytes> => {
    const plain = new Uint8Array(await blob.slice(index * PLAIN_CHUNK, (index + 1) * PLAIN_CHUNK).arrayBuffer());
    const [chunk] = await Promise.all([cipher.seal(plain, index, index === chunks - 1), plainHash.update(plain)]);
    return chunk;
  };
  // The platform encrypts the next chunk while this one is hashed and stored.
  let next = seal(0);
  for (let index = 0; index < chunks; index++) {
    const chunk = await next;
    if (index + 1 < chunks) next = seal(index + 1);
    next.catch(() => undefined);
    hash.update(chunk);
    await take(chunk, index);
  }
  return { hash: new Uint8Array(hash.digest()), plainHash: plainHash.digest() };
}

/** The hash of a file as {@link sealBlob} gives it, without sealing anything. */
export async function hashOfBlob(blob: Blob): Promise<Bytes> {
  const hash = createChunkHash();
  for (let index = 0; index < chunkCount(blob.size); index++)
    await hash.update(new Uint8Array(await blob.slice(index * PLAIN_CHUNK, (index + 1) * PLAIN_CHUNK).arrayBuffer()));
  return hash.digest();
}

/**
 * Sees to it that the bytes are on this device; a fetch that broke off goes on where it was, by itself once there is
 * a network. Refused: `network`, `file-not-there-yet`, `file-damaged`, `file-paused` by a person meanwhile.
 * @param isOver whether to stop after the chunk under way
 */
export async function fetchBytes(
  session: Session,
  { transferId, direction, status }: FileTransferRow,
  isOver: () => boolean = () => false,
): Promise<Result<void>> {
  if (direction === 'outbound' || status === 'completed') return ok(undefined);
  return session.locks.run(`file ${transferId}`, () => fetchAll(session, transferId, isOver));
}

async function fetchAll(session: Session, transferId: string, isOver: () => boolean): Promise<Result<void>> {
  const { store, relay, clock } = session;
  const now = clock.now();
  const transfer = await alterTransfer(store, transferId, ({ errorMessage: _, ...row }) =>
    row.status === 'completed' ? undefined : { ...row, status: 'active', askedAt: row.askedAt ?? now },
  );
  if (transfer?.blobId === undefined || transfer.status === 'completed') return ok(undefined);
  const end = (status: FileTransferRow['status'], errorMessage?: string) =>
    alterTransfer(store, transferId, (row) =>
      row.status === 'active' ? { ...row, status, ...(errorMessage === undefined ? {} : { errorMessage }) } : undefined,
    );
  const chunks = chunkCount(transfer.fileSize);
  const hash = createSha256();
  let index = await hashChunks(session, transfer, hash);
  let isWanted = true;
  const got = await getBlob(relay, transfer.blobId, index * SEALED_CHUNK, async (chunk) => {
    hash.update(chunk);
    isWanted = await takeChunk(session, transferId, { index, chunk, chunks });
    index++;
    return isWanted && index < chunks && !isOver();
  });
  if (!isWanted) return err({ code: 'file-paused', retry: 'person' });
  if (!got.ok) {
    // The message came before the file: it is still on its way from its sender.
    const fault: Fault = got.error.code === 'not-found' ? { code: 'file-not-there-yet', retry: 'now' } : got.error;
    const goesOn = fault.retry === 'now' || fault.code === 'network';
    await end(goesOn ? 'pending' : 'failed', fault.code === 'network' ? undefined : fault.code);
    return err(fault);
  }
  if (index < chunks) {
    await end('pending');
    return err(networkFault('stopped'));
  }
  const found = hash.digest();
  if (transfer.fileHash === undefined || !equal(transfer.fileHash, found)) {
    await store.tx('rw', ['fileTransfers', 'fileChunks'], async () => {
      await dropChunks(store, transferId);
      const damaged = { status: 'failed', chunksDone: 0, progress: 0, errorMessage: DAMAGED.code } as const;
      await store.fileTransfers.update(transferId, damaged);
    });
    return err(DAMAGED);
  }
  await store.tx('rw', ['fileTransfers', 'fileSyncState', 'fileVersions'], async () => {
    const at = clock.now();
    const here = { status: 'completed', progress: 100, completedAt: at, lastUsedAt: at } as const;
    await store.fileTransfers.update(transferId, here);
    await markHere(store, transferId);
  });
  return ok(undefined);
}

/** The bytes of a file are looked at: it is one of the last that make room. */
export const looked = ({ store, clock }: Session, transferId: string): Promise<unknown> =>
  alterTransfer(store, transferId, (row) => (isKept(row) ? { ...row, lastUsedAt: clock.now() } : undefined));

/** Takes in what is here of a file already. @returns how many chunks that is */
async function hashChunks(
  { store }: Session,
  { transferId, chunksDone }: FileTransferRow,
  hash: { update(piece: Uint8Array): unknown },
): Promise<number> {
  for (let index = 0; index < chunksDone; index++) {
    const row = await store.fileChunks.get([transferId, index]);
    if (row === undefined) return index;
    hash.update(row.chunk);
  }
  return chunksDone;
}

/** @returns false where the file is not wanted any more: a person stopped it, or it is gone. */
const takeChunk = (
  { store }: Session,
  transferId: string,
  { index, chunk, chunks }: { readonly index: number; readonly chunk: Bytes; readonly chunks: number },
): Promise<boolean> =>
  store.tx('rw', ['fileTransfers', 'fileChunks'], async () => {
    const row = await store.fileTransfers.get(transferId);
    if (row?.status !== 'active') return false;
    await store.fileChunks.put({ transferId, index, chunk });
    const progress = Math.min(100, Math.round((100 * (index + 1)) / chunks));
    await store.fileTransfers.update(transferId, { chunksDone: index + 1, progress });
    return true;
  });

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
