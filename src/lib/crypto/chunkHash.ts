import { concat, type Bytes } from '../core/bytes.ts';
import { sha256 } from './primitives.ts';

/** Takes a file chunk by chunk, in order. */
export interface ChunkHash {
  update(chunk: Bytes): Promise<void>;
  digest(): Bytes;
}

/**
 * SHA-256 over the SHA-256 of each chunk. It is equal for two files exactly where their bytes are, as long as both
 * are cut alike, and the platform computes most of it.
 */
export function createChunkHash(): ChunkHash {
  const parts: Bytes[] = [];
  return {
    async update(chunk) {
      parts.push(new Uint8Array(await crypto.subtle.digest('SHA-256', chunk)));
    },
    digest: () => new Uint8Array(sha256(concat(...parts))),
  };
}
