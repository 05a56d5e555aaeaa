import type { Bytes } from '../../core/bytes.ts';

/**
 * Where the bytes of blobs lie. It knows nothing of them but id and length: who holds one, how much of it is
 * there and when it goes stands in the store. Ids are the text that travels on the wire. Rejects where the
 * disk or the service fails.
 */
export interface BlobStore {
  /** Puts one chunk in its place, for good when this resolves. Again is fine. `offset` is a multiple of `limits.blobChunk`. */
  write(blob: string, offset: number, chunk: Bytes): Promise<void>;
  /** `length` bytes from `offset`, at most `limits.blobChunk`; all of them were written. */
  read(blob: string, offset: number, length: number): Promise<Bytes>;
  /** Removes what there is of a blob of `size` bytes. Again is fine. */
  remove(blob: string, size: number): Promise<void>;
}
