import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { migrations } from '../../../src/lib/server/store/migrations/index.ts';
import type { Migration } from '../../../src/lib/server/store/migrations/migration.ts';
import { connect } from '../../../src/lib/server/store/postgres.ts';
import * as postgres from '../../../src/lib/server/store/postgres/migrate.ts';
import * as sqlite from '../../../src/lib/server/store/sqlite/migrate.ts';
import { databaseUrl, emptyDatabase } from '../services.ts';

/** An empty database that steps are taken on. */
interface Place {
  migrate(now: number, steps?: readonly Migration[]): Promise<void>;
  rollBack(to: number, steps?: readonly Migration[]): Promise<void>;
  ask(sql: string): Promise<Record<string, unknown>[]>;
  /** A literal of `length` bytes. */
  bytes(hex: string, length: number): string;
  /** Every column, key and index there is, in an order of its own. */
  schema(): Promise<unknown>;
}

async function inSqlite(): Promise<Place> {
  const database = new DatabaseSync(':memory:');
  database.exec('PRAGMA foreign_keys = ON');
  onTestFinished(() => database.close());
  const ask = async (sql: string) => database.prepare(sql).all();
  return {
    migrate: async (now, steps) => sqlite.migrate(database, now, steps),
    rollBack: async (to, steps) => sqlite.rollBack(database, to, steps),
    ask,
    bytes: (hex, length) => `x'${hex.repeat(length)}'`,
    schema: async () => {
      const tables = await ask(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`);
      return Promise.all(
        tables.map(async ({ name }) => [
          name,
          await ask(`PRAGMA table_info(${String(name)})`),
          await ask(`PRAGMA foreign_key_list(${String(name)})`),
          await ask(
            `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = '${String(name)}' ORDER BY name`,
          ),
        ]),
      );
    },
  };
}

async function inPostgres(): Promise<Place> {
  const connections = connect(await emptyDatabase(), 4);
  onTestFinished(() => connections.end());
  const ask = async (sql: string) => [...(await connections.unsafe(sql))];
  return {
    migrate: (now, steps) => postgres.migrate(connections, now, steps),
    rollBack: (to, steps) => postgres.rollBack(connections, to, steps),
    ask,
    bytes: (hex, length) => `'\\x${hex.repeat(length)}'::bytea`,
    schema: async () => [
      await ask(`SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
        WHERE table_schema = current_schema() ORDER BY table_name, column_name`),
      await ask(`SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2`),
      await ask(`SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1`),
    ],
  };
}

const step = (version: number, sql: string, down = ''): Migration => ({
  version,
  description: `step ${version}`,
  sqlite: sql,
  postgres: sql,
  down: { sqlite: down, postgres: down },
});
const one = step(1, 'CREATE TABLE one (a INTEGER)', 'DROP TABLE one');
const two = step(2, 'ALTER TABLE one ADD COLUMN b INTEGER', 'ALTER TABLE one DROP COLUMN b');

const versions = async (place: Place) =>
  (await place.ask('SELECT version, applied_at FROM schema_migrations ORDER BY version')).map((row) => [
    row['version'],
    row['applied_at'],
  ]);

describe.each([
  { engine: 'SQLite', empty: inSqlite, isThere: true },
  { engine: 'PostgreSQL', empty: inPostgres, isThere: databaseUrl !== undefined },
])('migrations of $engine', ({ empty, isThere }) => {
  test.skipIf(!isThere)('are applied once, in order, and recorded', async () => {
    const place = await empty();
    await place.migrate(5, [one]);
    await place.migrate(6, [one, two]);
    expect(await versions(place)).toEqual([
      [1, 5],
      [2, 6],
    ]);
  });

  test.skipIf(!isThere)('leave everything as it was when one fails', async () => {
    const place = await empty();
    const broken = step(2, 'CREATE TABLE two (a INTEGER); CREATE TABLE one (a INTEGER)');
    await expect(place.migrate(5, [one, broken])).rejects.toThrow(/already exists/);
    expect(await versions(place)).toEqual([[1, 5]]);
    await expect(place.ask('SELECT * FROM two')).rejects.toThrow(/no such table|does not exist/);
  });

  test.skipIf(!isThere)('are refused by an older relay, and when a released one was changed', async () => {
    const place = await empty();
    await place.migrate(5, [one, two]);
    await expect(place.migrate(6, [one])).rejects.toThrow(/newer/);
    await expect(place.migrate(6, [step(1, 'CREATE TABLE uno (a INTEGER)'), two])).rejects.toThrow(/changed/);
  });

  test.skipIf(!isThere)('are done by one of several that start at once', async () => {
    const place = await empty();
    await Promise.all([1, 2, 3].map((now) => place.migrate(now)));
    expect((await versions(place)).map(([version]) => version)).toEqual(migrations.map(({ version }) => version));
  });

  test.skipIf(!isThere)(
    'can be taken back one by one, to the schema that was there before, and done again',
    async () => {
      const place = await empty();
      const before: unknown[] = [];
      for (const { version } of migrations) {
        await place.migrate(version, migrations.slice(0, version));
        before.push(await place.schema());
      }
      for (const { version } of migrations.toReversed()) {
        expect(await place.schema()).toEqual(before[version - 1]);
        await place.rollBack(version - 1);
      }
      expect(await versions(place)).toEqual([]);
      await place.migrate(1);
      expect(await place.schema()).toEqual(before.at(-1));
    },
  );

  test.skipIf(!isThere)('keep what was stored, down and up', async () => {
    const place = await empty();
    await place.migrate(1);
    const id = place.bytes('ab', 16);
    const other = place.bytes('cd', 32);
    for (const statement of [
      `INSERT INTO accounts (id, account_key, status, created_at) VALUES (${other}, ${other}, 'active', 1)`,
      `INSERT INTO devices VALUES (${id}, ${other}, ${other}, ${other}, 0, 'active', 1, 1, NULL, NULL)`,
      `INSERT INTO streams (id, kind, head, epoch, fence, created_at) VALUES (${id}, 'group', 9, 1, 1, 1)`,
      `INSERT INTO stream_members (stream, device, since, until) VALUES (${id}, ${id}, 0, 5)`,
      `INSERT INTO stream_members (stream, device, since, until) VALUES (${id}, ${id}, 7, NULL)`,
    ]) {
      await place.ask(statement);
    }
    await place.rollBack(1);
    expect(await place.ask('SELECT since, until FROM stream_members')).toEqual([{ since: 7, until: null }]);
    await place.migrate(2);
    expect(await place.ask('SELECT since, until FROM stream_members')).toEqual([{ since: 7, until: null }]);
    expect(await place.ask('SELECT head FROM streams')).toEqual([{ head: 9 }]);
  });
});
