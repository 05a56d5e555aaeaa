import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../../core/ports.ts';
import type { Store, Tables } from './port.ts';
import { createAppendTables } from './sqlite/appends.ts';
import { createAccountTables } from './sqlite/accounts.ts';
import { createBlobTables } from './sqlite/blobs.ts';
import { createDisk } from './sqlite/disk.ts';
import { createGroupCommit, type GroupCommit } from './sqlite/groupCommit.ts';
import { createHandleTables, createInvitationTables } from './sqlite/handles.ts';
import { createLifeTables } from './sqlite/life.ts';
import { createStatisticsTables } from './sqlite/statistics.ts';
import { createDirectoryTables } from './sqlite/directory.ts';
import { createRetentionTables } from './sqlite/retention.ts';
import { createRendezvousTables } from './sqlite/rendezvous.ts';
import { createPushTables } from './sqlite/push.ts';
import { createKeyPackageTables } from './sqlite/keyPackages.ts';
import { createLoginTables } from './sqlite/logins.ts';
import { migrate } from './sqlite/migrate.ts';
import { createStatements } from './sqlite/statements.ts';
import { createStreamTables } from './sqlite/streams.ts';

/**
 * The embedded store: one file `relay.sqlite` in `dataDir`, or nothing on disk for `':memory:'`.
 *
 * WAL: an answered write survives a crash of the machine, and readers work on their own connection while a
 * writer commits. SQLite is told `synchronous=NORMAL`, where it waits for the disk before and after it copies
 * the log into the file but not at each commit: that wait is ours, outside of the thread that serves everybody. In memory there is one connection, and reads take their
 * turn with the writes.
 * @throws where the file can't be opened or belongs to a newer relay.
 */
export function openSqliteStore(options: { dataDir: string; now: number; logger: Logger }): Store {
  const { dataDir, now, logger } = options;
  const inMemory = dataDir === ':memory:';
  const path = inMemory ? dataDir : join(dataDir, 'relay.sqlite');
  if (!inMemory) mkdirSync(dataDir, { recursive: true, mode: 0o700 });

  // Requests that arrive in one turn of the event loop share a commit. In memory there is no disk to
  // wait for, and a simulation must not depend on when the loop turns.
  const defer = inMemory ? queueMicrotask : (run: () => void) => void setImmediate(run);

  const writer = new DatabaseSync(path, { timeout: BUSY_MS });
  writer.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  migrate(writer, now);
  const disk = inMemory ? undefined : createDisk(`${path}-wal`);
  const committed = disk && { settled: disk.sync };
  const writes = createGroupCommit(writer, { mode: 'write', defer, logger, ...committed });
  const written = createTables(writer);
  const write: Store['write'] = (work) => writes.run(() => work(written));
  if (disk === undefined) return { write, read: write, close: () => close([writes], [writer]) };

  const reader = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  // What it sees may be on its way to the disk still.
  const reads = createGroupCommit(reader, { mode: 'read', defer, logger, settled: disk.synced });
  const seen = createTables(reader);
  return {
    write,
    read: (work) => reads.run(() => work(seen)),
    close: async () => {
      await close([writes, reads], [reader, writer]);
      disk.close();
    },
  };
}

/** Pages in the log, 16 MB, before they go into the file: what many commits wrote to one page goes there once. */
const CHECKPOINT_PAGES = 4_000;

/** How long a second process that uses the same file is waited for. */
const BUSY_MS = 5_000;

function createTables(database: DatabaseSync): Tables {
  const sql = createStatements(database);
  const streams = createStreamTables(sql);
  return {
    accounts: createAccountTables(sql),
    logins: createLoginTables(sql),
    keyPackages: createKeyPackageTables(sql),
    streams,
    appends: createAppendTables(sql, streams),
    blobs: createBlobTables(sql),
    life: createLifeTables(sql),
    handles: createHandleTables(sql),
    invitations: createInvitationTables(sql),
    push: createPushTables(sql),
    directory: createDirectoryTables(sql),
    rendezvous: createRendezvousTables(sql),
    retention: createRetentionTables(sql),
    statistics: createStatisticsTables(sql),
  };
}

async function close(queues: readonly GroupCommit[], databases: readonly DatabaseSync[]): Promise<void> {
  await Promise.all(queues.map((queue) => queue.drain()));
  for (const database of databases) if (database.isOpen) database.close();
}
