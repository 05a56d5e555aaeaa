import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { migrations as all } from '../migrations/index.ts';
import type { Migration } from '../migrations/migration.ts';

/**
 * Brings the schema up to date, each step in a transaction of its own, and records it.
 * @throws where the file was written by a newer relay, or a released step was changed: neither can be
 * helped by going on.
 */
export function migrate(database: DatabaseSync, now: number, migrations: readonly Migration[] = all): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version INTEGER PRIMARY KEY, description TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
    ) STRICT`);
  const applied = new Map(
    database
      .prepare('SELECT version, checksum FROM schema_migrations')
      .all()
      .map((row) => [Number(row['version']), String(row['checksum'])]),
  );
  const newest = Math.max(0, ...applied.keys());
  if (newest > migrations.length) throw new Error(`the store is of version ${newest}, newer than this relay`);

  for (const step of migrations) {
    const checksum = createHash('sha256').update(step.sqlite).digest('hex');
    const before = applied.get(step.version);
    if (before !== undefined && before !== checksum) throw new Error(`migration ${step.version} was changed`);
    if (before !== undefined) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(step.sqlite);
      database
        .prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, ?)')
        .run(step.version, step.description, checksum, now);
      database.exec('COMMIT');
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
  }
}
