import { mkdirSync } from 'node:fs';
import { constants, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hexFromBytes } from '../../core/bytes.ts';
import { bytesFromId } from '../../core/ids.ts';
import type { BlobStore } from './port.ts';

/**
 * Blobs as files of a folder, in 256 subfolders. The names are hex, because some file systems take `a` and
 * `A` for the same.
 */
export function createFolderBlobs(folder: string): BlobStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pathOf = (blob: string): string => {
    const name = hexFromBytes(bytesFromId(blob));
    return join(folder, name.slice(0, 2), name.slice(2));
  };
  return {
    async write(blob, offset, chunk) {
      const path = pathOf(blob);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      try {
        await file.writev([chunk], offset);
        await file.datasync();
      } finally {
        await file.close();
      }
    },
    async read(blob, offset, length) {
      const file = await open(pathOf(blob), 'r');
      try {
        const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
        return bytesRead === length ? buffer : buffer.slice(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    remove: (blob) => rm(pathOf(blob), { force: true }),
  };
}
