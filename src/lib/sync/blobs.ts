import type { Bytes } from '../core/bytes.ts';
import { err, ok, type Result } from '../core/result.ts';
import * as api from '../protocol/blobs.ts';
import { limits } from '../protocol/limits.ts';
import type { CallFault, RelayClient } from './relayClient.ts';
import { networkFault } from './transport.ts';

/** The part of a relay client that blobs need. */
type Caller = Pick<RelayClient, 'call'>;

/** Ciphertext that is to be uploaded, from wherever it lies. */
export interface BlobSource {
  /** Random, of its own: who knows it may read the blob. */
  readonly id: string;
  readonly size: number;
  readonly sha256: Bytes;
  /** `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Bytes>;
}

/**
 * Uploads a blob, or the rest of it. Sent again after it broke off, it goes on behind what the relay has.
 * @param onProgress bytes that the relay has; true goes on, false stops after this chunk
 * @returns whether all of it is there. Errors: `network` and those of the relay, e.g. `quota-exceeded`, `wrong-hash`.
 */
export async function putBlob(
  relay: Caller,
  source: BlobSource,
  onProgress: (received: number) => boolean | Promise<boolean>,
): Promise<Result<boolean, CallFault>> {
  const { id, size, sha256 } = source;
  const begun = await relay.call(api.createBlob, api.createBlob.path, { id, size, sha256 });
  if (!begun.ok) return begun;
  let { received } = begun.value;
  while ((await onProgress(received)) && received < size) {
    const bytes = await source.read(received, Math.min(limits.blobChunk, size - received));
    const taken = await relay.call(api.appendBlob, api.appendBlob.path(id), { offset: received, bytes });
    if (!taken.ok) return taken;
    // A relay that takes nothing would be asked forever.
    if (taken.value.received <= received) return err(networkFault('no progress'));
    received = taken.value.received;
  }
  return ok(received >= size);
}

/** Chunks that are on their way while one is taken: on a long way most of the time is waiting. */
const AHEAD = 3;

/**
 * Downloads a blob from `offset` on, chunk by chunk and in order, so that a download that broke off can go on. Nothing of it
 * is believed before it opens.
 * @param take gets each chunk; true goes on, false stops after this one
 * @returns whether the end was reached. Errors: `network` and those of the relay, e.g. `not-found`.
 */
export async function getBlob(
  relay: Caller,
  id: string,
  offset: number,
  take: (chunk: Bytes, progress: { readonly offset: number; readonly size: number }) => Promise<boolean>,
): Promise<Result<boolean, CallFault>> {
  const length = limits.blobChunk;
  const ask = (at: number) => relay.call(api.readBlob, api.readBlob.path(id), { offset: at, length });
  let coming = [ask(offset)];
  for (let at = offset; ;) {
    const answer = await (coming.shift() ?? ask(at));
    if (!answer.ok) return answer;
    const { size, bytes } = answer.value;
    if (bytes.length === 0) return err(networkFault('no progress'));
    // A relay that gave less than it has is asked for the rest, and what was asked for beyond is elsewhere.
    if (bytes.length < length) coming = [];
    const next = at + bytes.length;
    for (let ahead = next + coming.length * length; coming.length < AHEAD && ahead < size; ahead += length)
      coming.push(ask(ahead));
    const goesOn = await take(new Uint8Array(bytes), { offset: at, size });
    at = next;
    if (at >= size) return ok(true);
    if (!goesOn) return ok(false);
  }
}

/** Whether the relay has all of a blob. Errors: `network` and those of the relay but `not-found`. */
export async function hasBlob(relay: Caller, id: string): Promise<Result<boolean, CallFault>> {
  const read = await relay.call(api.readBlob, api.readBlob.path(id), { offset: 0, length: 1 });
  return read.ok ? ok(true) : read.error.code === 'not-found' ? ok(false) : read;
}

/** Keeps a blob of somebody else's for the own account too, for what is passed on. Errors: `not-found`, `quota-exceeded`. */
export const holdBlob = (relay: Caller, id: string): Promise<Result<{ expiresAt: number }, CallFault>> =>
  relay.call(api.holdBlob, api.holdBlob.path(id), {});

/** Lets go of a blob: when nobody holds it any more, it goes. */
export const releaseBlob = (relay: Caller, id: string): Promise<Result<Record<string, never>, CallFault>> =>
  relay.call(api.releaseBlob, api.releaseBlob.path(id), {});
