import type { BackupFiles } from '../services/backup.ts';
import { blobFiles } from '../services/blobFiles.ts';

const FOLDER = 'backups';

/**
 * Backups put together in the origin's private file system, which takes bytes synchronously in a worker and
 * hands out a file that lies on disk; in blobs where it is missing, as in some private windows.
 */
export const originFiles: BackupFiles = {
  async create(name) {
    try {
      return await createFile(name);
    } catch {
      return blobFiles.create(name);
    }
  },
};

/** Of workers only; the page's types don't know it. */
interface WithSyncAccess {
  createSyncAccessHandle(): Promise<{
    write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
    flush(): void;
    close(): void;
  }>;
}

async function createFile(name: string): Promise<Awaited<ReturnType<BackupFiles['create']>>> {
  const root = await navigator.storage.getDirectory();
  // What an earlier session left behind is in nobody's way.
  await root.removeEntry(FOLDER, { recursive: true }).catch(() => undefined);
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  const file = await folder.getFileHandle(name, { create: true });
  const access = await (file as unknown as WithSyncAccess).createSyncAccessHandle();
  let at = 0;
  return {
    write(bytes) {
      at += access.write(bytes, { at });
    },
    finish() {
      access.flush();
      access.close();
      return file.getFile();
    },
    async drop() {
      access.close();
      await folder.removeEntry(name).catch(() => undefined);
    },
  };
}
