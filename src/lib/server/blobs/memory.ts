import type { Bytes } from '../../core/bytes.ts';
import type { BlobStore } from './port.ts';

/** Blobs of a relay that keeps nothing, for tests and simulations. */
export function createMemoryBlobs(): BlobStore {
  const blobs = new Map<string, Bytes>();
  return {
    async write(blob, offset, chunk) {
      const before = blobs.get(blob) ?? new Uint8Array();
      const whole = new Uint8Array(Math.max(before.length, offset + chunk.length));
      whole.set(before);
      whole.set(chunk, offset);
      blobs.set(blob, whole);
    },
    read: async (blob, offset, length) => (blobs.get(blob) ?? new Uint8Array()).slice(offset, offset + length),
    remove: async (blob) => void blobs.delete(blob),
  };
}
