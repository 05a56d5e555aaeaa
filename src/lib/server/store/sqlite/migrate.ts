import type { DatabaseSync } from 'node:sqlite';
import { migrations as all } from '../migrations/index.ts';
import type { Migration } from '../migrations/migration.ts';
import { checksumOf, stepDown, stepUp, type Applied } from '../migrations/steps.ts';

/**
 * Brings the schema up to date, each step in a transaction of its own that no other process shares, and
 * records it. @throws as `stepUp` does.
 */
export function migrate(database: DatabaseSync, now: number, migrations: readonly Migration[] = all): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version INTEGER PRIMARY KEY, description TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
    ) STRICT`);
  takeSteps(database, () => {
    const step = stepUp(appliedTo(database), 'sqlite', migrations);
    if (step === undefined) return false;
    database.exec(step.sqlite);
    database
      .prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, ?)')
      .run(step.version, step.description, checksumOf(step.sqlite), now);
    return true;
  });
}

/** Takes steps back until the schema is of version `to`, so that the relay of that version can go on. */
export function rollBack(database: DatabaseSync, to: number, migrations: readonly Migration[] = all): void {
  takeSteps(database, () => {
    const step = stepDown(appliedTo(database), 'sqlite', migrations, to);
    if (step === undefined) return false;
    database.exec(step.down.sqlite);
    database.prepare('DELETE FROM schema_migrations WHERE version = ?').run(step.version);
    return true;
  });
}

function takeSteps(database: DatabaseSync, takeOne: () => boolean): void {
  for (let went = true; went;) {
    database.exec('BEGIN IMMEDIATE');
    try {
      went = takeOne();
      database.exec('COMMIT');
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

function appliedTo(database: DatabaseSync): Applied {
  const rows = database.prepare('SELECT version, checksum FROM schema_migrations').all();
  return new Map(rows.map((row) => [Number(row['version']), String(row['checksum'])]));
}
