import type * as v from 'valibot';
import { createSHA256 } from 'hash-wasm';
import { equal } from '../core/bytes.ts';
import { err, ok, refuse } from '../core/result.ts';
import type {
  appendBlob as appendEndpoint,
  createBlob as createEndpoint,
  readBlob as readEndpoint,
} from '../protocol/blobs.ts';
import { relayFault } from '../protocol/errors.ts';
import { BLOB_HOLD_MS, BLOB_UPLOAD_MS, limits } from '../protocol/limits.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import type { BlobRow } from './store/blobTables.ts';
import type { Tables } from './store/port.ts';

type Create = v.InferOutput<typeof createEndpoint.request>;
type Append = v.InferOutput<typeof appendEndpoint.request>;
type Read = v.InferOutput<typeof readEndpoint.request>;

/** Blobs that one sweep removes at most; the next one goes on. */
const MOST_REMOVED = 256;

/**
 * Begins an upload that the caller's account holds, or says how far it is.
 * Errors: `conflict` (the id is another blob's), `quota-exceeded`.
 */
export async function createBlob(
  context: RelayContext,
  caller: Caller,
  { id, size, sha256 }: Create,
): Outcome<{ received: number }> {
  const now = context.clock.now();
  return context.store.write(async (tables) => {
    const known = await tables.blobs.findBlob(id);
    if (known === undefined) {
      await roomFor(context, tables, caller, size);
      await tables.blobs.insertBlob({ id, owner: caller.account, size, sha256 }, now);
      await tables.blobs.holdBlob(id, caller.account, now + BLOB_HOLD_MS);
      return ok({ received: 0 });
    }
    const isSame = known.owner === caller.account && known.size === size && equal(known.sha256, sha256);
    return isSame && !known.isGone ? ok({ received: known.received }) : err(relayFault('conflict', 'blob'));
  });
}

/**
 * Takes the next chunk of an upload of the caller's account. With the last one the whole is held against the
 * hash that was announced. Chunks of one blob wait for each other.
 * Errors: `not-found` (no such upload of the account), `bad-request` (not a chunk), `wrong-offset`, `wrong-hash`.
 */
export async function appendBlob(
  context: RelayContext,
  caller: Caller,
  id: string,
  { offset, bytes }: Append,
): Outcome<{ received: number }> {
  return context.uploads.run(id, async () => {
    const row = await context.store.read(({ blobs }) => blobs.findBlob(id));
    if (row === undefined || row.isGone || row.owner !== caller.account) return err(relayFault('not-found', 'blob'));
    const length = Math.min(limits.blobChunk, row.size - offset);
    if (offset % limits.blobChunk !== 0 || length <= 0 || bytes.length !== length)
      return err(relayFault('bad-request', 'chunk'));
    if (offset < row.received) return ok({ received: row.received });
    if (offset > row.received) return err(relayFault('wrong-offset'));

    const { hashState, digest } = await hashOn(row, bytes);
    if (digest !== undefined && !equal(digest, row.sha256)) {
      await context.store.write(({ blobs }) => blobs.markGone(id));
      await removeGone(context, [row]);
      return err(relayFault('wrong-hash'));
    }
    await context.blobs.write(id, offset, bytes);
    const received = offset + bytes.length;
    const now = context.clock.now();
    const taken = await context.store.write(({ blobs }) => blobs.advanceBlob(id, offset, { received, hashState }, now));
    return taken ? ok({ received }) : err(relayFault('wrong-offset'));
  });
}

/** A range of a whole blob. Errors: `not-found` (none, or not whole yet), `bad-request` (it begins behind the end). */
export async function readBlob(
  context: RelayContext,
  id: string,
  { offset, length }: Read,
): Outcome<v.InferOutput<typeof readEndpoint.answer>> {
  const row = await context.store.read(({ blobs }) => blobs.findBlob(id));
  if (row === undefined || row.isGone || row.received < row.size) return err(relayFault('not-found', 'blob'));
  if (offset >= row.size) return err(relayFault('bad-request', 'offset'));
  const bytes = await context.blobs.read(id, offset, Math.min(length, row.size - offset));
  return ok({ size: row.size, bytes });
}

/** The caller's account holds the blob from now on. Errors: `not-found`, `quota-exceeded`. */
export async function holdBlob(context: RelayContext, caller: Caller, id: string): Outcome<{ expiresAt: number }> {
  const expiresAt = context.clock.now() + BLOB_HOLD_MS;
  return context.store.write(async (tables) => {
    const row = await tables.blobs.findBlob(id);
    if (row === undefined || row.isGone) return err(relayFault('not-found', 'blob'));
    if (!(await tables.blobs.holdsBlob(id, caller.account))) await roomFor(context, tables, caller, row.size);
    await tables.blobs.holdBlob(id, caller.account, expiresAt);
    return ok({ expiresAt });
  });
}

/** The caller's account holds the blob no more; nothing happens where it did not. */
export async function releaseBlob(context: RelayContext, caller: Caller, id: string): Outcome<Record<string, never>> {
  await context.store.write(({ blobs }) => blobs.releaseBlob(id, caller.account));
  return ok({});
}

/** Removes what nobody holds any more, and uploads that were given up. */
export async function sweepBlobs(context: RelayContext): Promise<void> {
  const now = context.clock.now();
  await context.store.write(({ blobs }) => blobs.markEndedBlobs(now, now - BLOB_UPLOAD_MS));
  await removeGone(context, await context.store.read(({ blobs }) => blobs.goneBlobs(MOST_REMOVED)));
}

/** The bytes first, then the row that knows of them: a crash in between leaves nothing that nobody knows of. */
async function removeGone(context: RelayContext, gone: readonly Pick<BlobRow, 'id' | 'size'>[]): Promise<void> {
  for (const { id, size } of gone) {
    await context.blobs.remove(id, size);
    await context.store.write(({ blobs }) => blobs.deleteBlob(id));
  }
}

async function roomFor(context: RelayContext, { blobs }: Tables, caller: Caller, size: number): Promise<void> {
  const held = await blobs.bytesHeldBy(caller.account);
  if (held + size > context.quotas.blobBytes) refuse(relayFault('quota-exceeded', 'blobs'));
}

/**
 * The hash with one chunk more: its state, or its digest where the blob ends. `node:crypto` cannot keep the
 * state between requests, and reading 2 GB again at the end would keep the relay from everything else.
 */
async function hashOn(
  { received, size, hashState }: BlobRow,
  chunk: Uint8Array,
): Promise<{ hashState: Uint8Array<ArrayBuffer> | undefined; digest: Uint8Array | undefined }> {
  const hasher = await createSHA256();
  if (hashState === undefined) hasher.init();
  else hasher.load(hashState);
  hasher.update(chunk);
  if (received + chunk.length === size) return { hashState: undefined, digest: hasher.digest('binary') };
  return { hashState: new Uint8Array(hasher.save()), digest: undefined };
}
