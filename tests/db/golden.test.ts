import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { silent } from '../../src/lib/core/ports.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { checkIntegrity } from '../../src/lib/db/integrity.ts';
import { presentPlan } from '../../src/lib/db/migrations.ts';
import { SCHEMA_VERSION, tableNames } from '../../src/lib/db/schema.ts';
import { largestGroups } from '../../src/lib/db/statistics.ts';
import { getRoomByName } from '../../src/lib/db/rooms.ts';
import { openStore, type SchemaMigrationRow, type Store } from '../../src/lib/db/store.ts';
import { webLoginKeys } from '../../src/lib/platform/loginKeys.ts';
import { blobFiles } from '../../src/lib/services/blobFiles.ts';
import { createCairn, type Cairn } from '../../src/lib/services/cairn.ts';
import type { ConversationItem, ConversationView, PersonItem } from '../../src/lib/services/client.ts';
import { networkFault } from '../../src/lib/sync/transport.ts';
import { createClock, createLocks, createRandom } from '../world/seeded.ts';
import { goldenBackupOf } from './golden/backup.ts';
import { dumpDatabase, goldens, restoreDatabase, type Golden } from './golden/dump.ts';

describe.each(goldens())('a store of version $schemaVersion', (golden) => {
  it('is opened with its passphrase and shows what it showed then', async () => {
    const { store, client } = await openGolden(golden);
    unwrap(await client.unlock(golden.passphrase));
    await expectShown(golden, store, client);
    expect(await store.offlineOperations.count()).toBe(golden.shown.waiting);
    client.dispose();
  });

  it('comes back from the backup that was made of it then', async () => {
    const disk = new IDBFactory();
    const { store, client } = await appOn(disk);
    const files = [new Blob([goldenBackupOf(golden)])];
    const { passphrase } = golden;
    unwrap(await client.restoreBackup({ files, opener: { passphrase }, passphrase: 'another since then' }));
    await expectShown(golden, store, client);
    expect((await checkIntegrity(store, () => true)).findings).toEqual([]);
    expect((await store.schemaMigrations.toArray()).every(({ unlockedAt }) => unlockedAt !== undefined)).toBe(true);
    client.dispose();

    const again = await appOn(disk);
    expect(await again.client.unlock(passphrase)).toMatchObject({ error: { code: 'wrong-passphrase' } });
    again.client.dispose();
  });

  it('is not taken from a backup that was altered, and nothing of it is written', async () => {
    const bytes = goldenBackupOf(golden);
    for (const damaged of [bytes.slice(0, -1), bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 1)]) {
      const { store, client } = await appOn(new IDBFactory());
      const { passphrase } = golden;
      const files = [new Blob([damaged])];
      expect(await client.restoreBackup({ files, opener: { passphrase }, passphrase })).toMatchObject({
        error: { code: 'backup-damaged' },
      });
      for (const name of tableNames) if (name !== 'schemaMigrations') expect(await store[name].count(), name).toBe(0);
      client.dispose();
    }
  });

  it('holds every row that it held, and books every step that was taken', async () => {
    const disk = new IDBFactory();
    await restoreDatabase(disk, 'cairn', golden.database);
    const { store, client } = await openGolden(golden, disk);
    const books = await store.schemaMigrations.toArray();
    client.dispose();

    const steps = presentPlan.migrations.filter(({ version }) => version >= golden.schemaVersion);
    expect(books).toMatchObject(steps.map(({ version, checksum }) => ({ version, checksum, success: true })));
    const after = await dumpDatabase(disk, 'cairn');
    expect(after.version).toBe(SCHEMA_VERSION * 10);
    for (const { name, rows } of golden.database.stores.filter(({ name }) => name !== 'schemaMigrations')) {
      expect(after.stores.find((store) => store.name === name)?.rows.length, name).toBe(rows.length);
    }
  });

  it('was made by the declaration whose checksum is kept', () => {
    const { rows } = golden.database.stores.find(({ name }) => name === 'schemaMigrations') ?? { rows: [] };
    const kept = presentPlan.migrations.find(({ version }) => version === golden.schemaVersion);
    expect((rows.at(-1) as SchemaMigrationRow).checksum).toBe(kept?.checksum);
  });
});

it('keeps a store of every released version', () => {
  const kept = goldens().map(({ schemaVersion }) => schemaVersion);
  expect(presentPlan.migrations.map(({ version }) => version).slice(0, -1)).toEqual(
    kept.filter((version) => version < SCHEMA_VERSION),
  );
});

/** What the app shows is what it showed then. */
async function expectShown(golden: Golden, store: Store, client: Cairn): Promise<void> {
  const { conversations, people, drafts } = golden.shown;

  const items = await first<readonly ConversationItem[]>(client.watchConversations);
  expect(items.map((item) => item.title).sort()).toEqual(Object.keys(conversations).sort());
  for (const item of items) {
    const view = await first<ConversationView | undefined>((show) => client.watchConversation(item.id, 1_000, show));
    const texts = view?.messages.filter((message) => message.type === 'text').map((message) => message.text);
    expect(texts).toEqual(conversations[item.title]);
    expect(view?.draft).toBe(drafts[item.title] ?? '');
  }
  expect((await first<readonly PersonItem[]>(client.watchPeople)).map(({ name }) => name)).toEqual(people);
  for (const title of Object.keys(conversations)) expect((await getRoomByName(store, title))?.title).toBe(title);
  expect(await largestGroups(store, 99)).toHaveLength(await store.groups.count());
}

async function openGolden(golden: Golden, disk = new IDBFactory()) {
  if ((await disk.databases()).length === 0) await restoreDatabase(disk, 'cairn', golden.database);
  return appOn(disk);
}

async function appOn(disk: IDBFactory) {
  const clock = createClock(Date.UTC(2040, 0, 1));
  const random = createRandom('golden test');
  const store = await openStore({ name: 'cairn', clock, random, indexedDB: disk, IDBKeyRange });
  return { store, client: createApp(store) };
}

const createApp = (store: Store): Cairn =>
  createCairn({
    store,
    clock: store.clock,
    random: store.random,
    transport: {
      origin: 'https://relay.test',
      post: () => Promise.resolve({ ok: false, error: networkFault('no relay') }),
      listen: () => () => undefined,
    },
    loginKeys: webLoginKeys,
    locks: createLocks(),
    logger: silent,
    backupFiles: blobFiles,
  });

async function first<T>(watch: (show: (value: T) => void) => Promise<() => void>): Promise<T> {
  const seen = Promise.withResolvers<T>();
  const stop = await watch(seen.resolve);
  const value = await seen.promise;
  stop();
  return value;
}
