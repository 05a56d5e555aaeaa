import postgres from 'postgres';
import type { Logger } from '../../core/ports.ts';
import { Refusal } from '../../core/result.ts';
import type { Store, Tables } from './port.ts';
import { createAppendTables } from './postgres/appends.ts';
import { createAccountTables } from './postgres/accounts.ts';
import { createBlobTables } from './postgres/blobs.ts';
import { kindOfFault, unavailable } from './postgres/faults.ts';
import { createHandleTables, createInvitationTables } from './postgres/handles.ts';
import { createLifeTables } from './postgres/life.ts';
import { createStatisticsTables } from './postgres/statistics.ts';
import { createDirectoryTables } from './postgres/directory.ts';
import { createRetentionTables } from './postgres/retention.ts';
import { createRendezvousTables } from './postgres/rendezvous.ts';
import { createPushTables } from './postgres/push.ts';
import { createKeyPackageTables } from './postgres/keyPackages.ts';
import { createLoginTables } from './postgres/logins.ts';
import { migrate } from './postgres/migrate.ts';
import { createStatements } from './postgres/statements.ts';
import { createStreamTables } from './postgres/streams.ts';

/**
 * The store in PostgreSQL 13 or newer, or what speaks its language, at `url`
 * (`postgres://user:password@host:port/database`). Any number of relays may share it.
 *
 * Writes are `READ COMMITTED` under the row locks that the capabilities ask for; one that met another is run
 * again. Rejects where the database can't be reached or belongs to a newer relay.
 */
export async function openPostgresStore(options: { url: string; now: number; logger: Logger }): Promise<Store> {
  const { url, now, logger } = options;
  const connections = connect(url);
  try {
    await migrate(connections, now);
  } catch (thrown) {
    await connections.end({ timeout: 0 });
    throw thrown;
  }

  const underWay = new Set<Promise<unknown>>();
  let closed = false;
  return {
    write: (work) => answer(() => connections.begin((sql) => work(createTables(sql, 'write')))),
    read: (work) => answer(() => connections.begin(SNAPSHOT, (sql) => work(createTables(sql, 'read')))),
    close: async () => {
      closed = true;
      await Promise.allSettled(underWay);
      await connections.end({ timeout: 5 });
    },
  };

  function answer<T>(transaction: () => Promise<unknown>): Promise<T> {
    if (closed) return Promise.reject(new Refusal(unavailable('closing')));
    const answered = attempt<T>(transaction).finally(() => underWay.delete(answered));
    underWay.add(answered);
    return answered;
  }

  async function attempt<T>(transaction: () => Promise<unknown>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return (await transaction()) as T;
      } catch (thrown) {
        const kind = kindOfFault(thrown);
        if (kind === 'again' && tries < MOST_TRIES) continue;
        if (kind === 'other' || !(thrown instanceof Error)) throw thrown;
        if (kind === 'again' && 'code' in thrown && thrown.code === '23505') throw thrown;
        logger.log('error', 'store-failed', { message: thrown.message });
        throw new Refusal(unavailable('store'));
      }
    }
  }
}

/** Every statement of a read sees the same state. */
const SNAPSHOT = 'isolation level repeatable read read only';
const MOST_TRIES = 8;

/** Connections that one relay opens at most. */
const MOST_CONNECTIONS = 16;

/** For the store, and for scripts that change its schema. Quiet, with integers as numbers. */
export function connect(url: string, connections = MOST_CONNECTIONS): postgres.Sql<{ bigint: number }> {
  return postgres(url, {
    max: connections,
    idle_timeout: 60,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => undefined,
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    // A relay that was stopped in the middle keeps nobody waiting for its locks.
    connection: { statement_timeout: 20_000, idle_in_transaction_session_timeout: 20_000 },
  });
}

function createTables(connection: Pick<postgres.Sql, 'unsafe'>, mode: 'read' | 'write'): Tables {
  const sql = createStatements(connection);
  const lock = mode === 'write' ? 'FOR NO KEY UPDATE' : '';
  return {
    accounts: createAccountTables(sql),
    logins: createLoginTables(sql),
    keyPackages: createKeyPackageTables(sql),
    streams: createStreamTables(sql, lock),
    appends: createAppendTables(sql),
    blobs: createBlobTables(sql, lock),
    life: createLifeTables(sql, lock),
    handles: createHandleTables(sql, lock),
    invitations: createInvitationTables(sql),
    push: createPushTables(sql),
    directory: createDirectoryTables(sql),
    rendezvous: createRendezvousTables(sql, lock),
    retention: createRetentionTables(sql),
    statistics: createStatisticsTables(sql),
  };
}
