import type { Clock, Locks, Logger, Random } from '../core/ports.ts';
import type { Store } from '../db/store.ts';
import type { LoginKeys } from '../sync/loginKeys.ts';
import type { Transport } from '../sync/transport.ts';
import type { BackupFiles } from './backup.ts';
import type { StorageDevice } from './room.ts';

/** What the engine runs on: the browser's worker, or a test's own world. */
export interface CairnPorts {
  readonly store: Store;
  readonly transport: Transport;
  readonly loginKeys: LoginKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly locks: Locks;
  readonly logger: Logger;
  /** What the browser says about the room on this device; a test may leave it out. */
  readonly storage?: StorageDevice;
  /** Where backups are put together; in blobs, where it is left out. */
  readonly backupFiles?: BackupFiles;
}
