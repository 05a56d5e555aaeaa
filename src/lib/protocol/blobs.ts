import * as v from 'valibot';
import { bytes, bytesUpTo, entryId, natural, plainMap, time } from './fields.ts';
import { limits } from './limits.ts';

/**
 * Blobs: ciphertext too large for a stream, in one piece or half uploaded. Whoever knows a blob's id (128
 * random bits, which travel in sealed messages) and has a session may read it. It lives as long as somebody
 * holds it, and counts against the quota of each account that does.
 */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));
const received = v.strictObject({ received: natural });
const held = v.strictObject({ expiresAt: time });

/**
 * `POST blobs`: begins an upload, held by the caller's account. The same again says how much is there, so an
 * upload that broke off goes on from `received`; when that is `size`, the blob is whole and its hash right.
 */
export const createBlob = {
  path: 'blobs',
  request: v.strictObject({
    id: entryId,
    size: v.pipe(natural, v.minValue(1), v.maxValue(limits.blob)),
    /** Of all of its bytes. */
    sha256: bytes(32),
  }),
  answer: received,
};

/**
 * `POST blobs/{blob}/append`: the next chunk. Each has `limits.blobChunk` bytes but the last, which ends the
 * blob. A chunk that was taken before changes nothing. `wrong-offset`: there is less than `offset`;
 * `wrong-hash`, with the last chunk: it is not what was announced, and everything of it is gone.
 */
export const appendBlob = {
  path: (blob: string) => `blobs/${blob}/append`,
  request: v.strictObject({ offset: natural, bytes: bytesUpTo(limits.blobChunk) }),
  answer: received,
};

/** `POST blobs/{blob}/read`: a range of a whole blob; less than `length` only at its end. */
export const readBlob = {
  path: (blob: string) => `blobs/${blob}/read`,
  request: v.strictObject({
    offset: natural,
    length: v.pipe(natural, v.minValue(1), v.maxValue(limits.blobChunk)),
  }),
  answer: v.strictObject({ size: natural, bytes: bytesUpTo(limits.blobChunk) }),
};

/** `POST blobs/{blob}/hold`: the caller's account holds the blob from now on, or longer than it did. */
export const holdBlob = { path: (blob: string) => `blobs/${blob}/hold`, request: empty, answer: held };

/** `POST blobs/{blob}/release`: the caller's account holds it no more; when nobody does, it goes. */
export const releaseBlob = { path: (blob: string) => `blobs/${blob}/release`, request: empty, answer: empty };
