import type postgres from 'postgres';
import { migrations as all } from '../migrations/index.ts';
import type { Migration } from '../migrations/migration.ts';
import { checksumOf, stepDown, stepUp, type Applied } from '../migrations/steps.ts';

type Connections = postgres.Sql<{ bigint: number }>;
type Transaction = postgres.TransactionSql<{ bigint: number }>;

/**
 * Brings the schema up to date, each step in a transaction of its own, and records it. Of several relays that
 * start at once one does it, and the others wait. Rejects as `stepUp` throws.
 */
export function migrate(connections: Connections, now: number, migrations: readonly Migration[] = all): Promise<void> {
  return takeSteps(connections, async (sql) => {
    const step = stepUp(await appliedTo(sql), 'postgres', migrations);
    if (step === undefined) return false;
    await sql.unsafe(step.postgres);
    await sql`INSERT INTO schema_migrations
      VALUES (${step.version}, ${step.description}, ${checksumOf(step.postgres)}, ${now})`;
    return true;
  });
}

/** Takes steps back until the schema is of version `to`, so that the relays of that version can go on. */
export function rollBack(connections: Connections, to: number, migrations: readonly Migration[] = all): Promise<void> {
  return takeSteps(connections, async (sql) => {
    const step = stepDown(await appliedTo(sql), 'postgres', migrations, to);
    if (step === undefined) return false;
    await sql.unsafe(step.down.postgres);
    await sql`DELETE FROM schema_migrations WHERE version = ${step.version}`;
    return true;
  });
}

/** Any number that nobody else locks: `cairn` in ASCII. */
const LOCK = 0x63_61_69_72_6e;

async function takeSteps(connections: Connections, takeOne: (sql: Transaction) => Promise<boolean>): Promise<void> {
  for (let went = true; went;) {
    went = await connections.begin(async (sql) => {
      // A step over a large table takes as long as it takes.
      await sql`SET LOCAL statement_timeout = 0`;
      await sql`SELECT pg_advisory_xact_lock(${LOCK}::bigint)`;
      return takeOne(sql);
    });
  }
}

async function appliedTo(sql: Transaction): Promise<Applied> {
  await sql`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version integer PRIMARY KEY, description text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL
    )`;
  const rows = await sql<{ version: number; checksum: string }[]>`SELECT version, checksum FROM schema_migrations`;
  return new Map(rows.map(({ version, checksum }) => [version, checksum]));
}
