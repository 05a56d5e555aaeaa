import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';

/** Waits for the disk without keeping anybody else waiting. */
export interface Disk {
  /** Resolves when what was written to the file so far would survive a crash of the machine. */
  sync(): Promise<void>;
  /** Resolves with the last {@link sync} that was asked for: when everything that anybody can see is kept. */
  synced(): Promise<void>;
  /** May be called again. */
  close(): void;
}

const sync = promisify(fdatasync);

/**
 * The log of a database in WAL mode at `path`, which is there as long as the database is open. A lock of
 * SQLite's lies on other files: this one may be opened and closed as one likes.
 */
export function createDisk(path: string): Disk {
  // Windows syncs only what may be written.
  const file = openSync(path, 'r+');
  let last: Promise<void> = Promise.resolve();
  let isOpen = true;
  return {
    sync: () => {
      last = sync(file);
      return last;
    },
    synced: () => last,
    close: () => {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}
