import type { Bytes } from '../core/bytes.ts';
import type { BackupFiles } from './backup.ts';

/** Bytes that become one blob: browsers keep large blobs outside of the program's memory. */
const PIECE = 4 * 1024 * 1024;

/** Backups put together from blobs, where there is no private file system to write to. */
export const blobFiles: BackupFiles = {
  create() {
    const blobs: Blob[] = [];
    let parts: Bytes[] = [];
    let size = 0;
    const close = (): void => {
      if (parts.length > 0) blobs.push(new Blob(parts));
      parts = [];
      size = 0;
    };
    return Promise.resolve({
      write(bytes) {
        parts.push(bytes);
        size += bytes.length;
        if (size >= PIECE) close();
      },
      finish() {
        close();
        return Promise.resolve(new Blob(blobs.splice(0), { type: 'application/octet-stream' }));
      },
      drop() {
        blobs.length = 0;
        parts = [];
        return Promise.resolve();
      },
    });
  },
};
