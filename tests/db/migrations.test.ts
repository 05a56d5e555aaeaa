import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { checksumOf, presentPlan, storesOf, type Migration, type Plan } from '../../src/lib/db/migrations.ts';
import { schema, SCHEMA_VERSION } from '../../src/lib/db/schema.ts';
import { index, integer, optional, sealed, table, text, unique } from '../../src/lib/db/declare.ts';
import { refuse } from '../../src/lib/core/result.ts';
import type { ContactRow, Store } from '../../src/lib/db/store.ts';
import { lockedStore, unlockedStore } from './disks.ts';
import { account, contact, faultFrom, NOW, user } from './fixtures.ts';
import { dumpDatabase } from './golden/dump.ts';

/** The version after the present one: users have a shelf, which the step fills from their role. */
const users = {
  ...schema.users,
  columns: { ...schema.users.columns, shelf: optional(text()) },
  indexes: [...schema.users.indexes, index('shelf')],
};
const later = { ...schema, users, shelves: table({ key: 'id', columns: { id: text(), size: integer() } }) };
const next = (more: Partial<Migration> = {}, tables: Plan['schema'] = later): Plan => ({
  schema: tables,
  migrations: [
    ...presentPlan.migrations,
    { version: SCHEMA_VERSION + 1, description: 'Shelves', checksum: checksumOf(tables), ...more },
  ],
});
const fillShelves = next({
  clear: {
    stores: storesOf(later),
    async run(trans) {
      await trans.table('shelves').add({ id: 'user', size: 1 });
      await trans.table('users').toCollection().modify({ shelf: 'user' });
    },
  },
});

describe('an upgrade', () => {
  it('makes new tables and indexes, changes rows while locked, and keeps what is sealed', async () => {
    const disk = await diskWithAna();
    const store = await unlockedStore({ ...disk, plan: fillShelves });
    expect(await rowsWhere(store, 'shelf', 'user')).toEqual([{ ...user('ana'), shelf: 'user' }]);
    expect(await store.schemaMigrations.toArray()).toMatchObject([
      { version: SCHEMA_VERSION, success: true },
      { version: SCHEMA_VERSION + 1, description: 'Shelves', checksum: checksumOf(later), appliedAt: NOW },
    ]);
  });

  it('goes over several versions at once, each step finding the tables in its own shape', async () => {
    const disk = await diskWithAna();
    const { shelves: _gone, ...withoutShelves } = later;
    const seen: unknown[] = [];
    const store = await unlockedStore({
      ...disk,
      plan: {
        schema: withoutShelves,
        migrations: [
          ...fillShelves.migrations,
          {
            version: SCHEMA_VERSION + 2,
            description: 'No shelves',
            checksum: checksumOf(withoutShelves),
            clear: {
              stores: {},
              async run(trans) {
                seen.push(...((await trans.table('shelves').toArray()) as unknown[]));
              },
            },
          },
        ],
      },
    });
    expect(seen).toEqual([{ id: 'user', size: 1 }]);
    expect(await store.schemaMigrations.toArray()).toMatchObject([
      { version: SCHEMA_VERSION },
      { version: SCHEMA_VERSION + 1, success: true },
      { version: SCHEMA_VERSION + 2, success: true },
    ]);
    store.close();
    expect((await dumpDatabase(disk.indexedDB, 'cairn')).stores.map(({ name }) => name)).not.toContain('shelves');
  });

  it('that fails leaves every row and table as it was, says so, and writes down which step it was', async () => {
    const disk = await diskWithAna();
    const before = await dumpDatabase(disk.indexedDB, 'cairn');
    const failing = next({
      clear: {
        stores: storesOf(later),
        async run(trans) {
          await trans.table('shelves').add({ id: 'user', size: 1 });
          await trans.table('users').toCollection().modify({ shelf: 'user' });
          await trans.table('users').toCollection().modify({ status: 'no such status' });
        },
      },
    });
    expect(await faultFrom(lockedStore({ ...disk, plan: failing }))).toMatchObject({
      code: 'migration-failed',
      retry: 'person',
      detail: expect.stringContaining(`version ${SCHEMA_VERSION + 1}: validation`) as string,
    });
    const after = await dumpDatabase(disk.indexedDB, 'cairn');
    expect(withoutBooks(after)).toEqual(withoutBooks(before));
    expect(after.stores.find(({ name }) => name === 'schemaMigrations')?.rows).toMatchObject([
      { version: SCHEMA_VERSION, success: 1 },
      { version: SCHEMA_VERSION + 1, success: 0 },
    ]);

    const present = await unlockedStore(disk);
    expect(await present.users.toArray()).toEqual([user('ana')]);
    present.close();
    const mended = await unlockedStore({ ...disk, plan: fillShelves });
    expect(await mended.schemaMigrations.get(SCHEMA_VERSION + 1)).toMatchObject({ success: true });
  });

  it('whose rows do not fit a new unique index fails whole too', async () => {
    const disk = await diskWithAna();
    const present = await unlockedStore(disk);
    await present.users.add(user('bo'));
    present.close();
    const oneRole = { ...schema, users: { ...schema.users, indexes: [...schema.users.indexes, unique('role')] } };
    expect(await faultFrom(lockedStore({ ...disk, plan: next({}, oneRole) }))).toMatchObject({
      code: 'migration-failed',
    });
    const again = await unlockedStore(disk);
    expect(await again.users.count()).toBe(2);
  });

  it('is refused to an app of the version before, which touches nothing', async () => {
    const disk = await diskWithAna();
    (await lockedStore({ ...disk, plan: fillShelves })).close();
    const before = await dumpDatabase(disk.indexedDB, 'cairn');
    expect(await faultFrom(lockedStore(disk))).toMatchObject({ code: 'store-newer', retry: 'person' });
    expect(await dumpDatabase(disk.indexedDB, 'cairn')).toEqual(before);
  });
});

/** The version after the present one seals a contact's motto too, which was the name until now. */
const contacts = {
  ...schema.contacts,
  columns: { ...schema.contacts.columns, motto: sealed(optional(text())) },
  sealing: 2,
  formerly: [{ sealing: 1, sealed: ['displayName', 'publicKey', 'profilePicture', 'notes'] }],
};
const fillMottos = (slices: string[], breakAt = ''): Plan => ({
  schema: { ...schema, contacts },
  migrations: [
    ...presentPlan.migrations,
    {
      version: SCHEMA_VERSION + 1,
      description: 'Mottos',
      checksum: checksumOf({ contacts }),
      unlocked: {
        tables: ['contacts'],
        async slice(store, from) {
          slices.push(from);
          const row = await store.contacts.where('contactId').above(from).first();
          if (row === undefined) return undefined;
          await store.contacts.put({ ...row, motto: row.displayName } as ContactRow);
          return row.contactId === breakAt ? refuse({ code: 'killed', retry: 'now' }) : row.contactId;
        },
      },
    },
  ],
});

describe('an upgrade of sealed columns', () => {
  it('waits for the sealer, goes row by row, and goes on where it was broken off', async () => {
    const disk = await diskWithAna();
    const present = await unlockedStore(disk);
    await present.users.bulkAdd([user('bo'), user('cy')]);
    await present.contacts.bulkAdd([contact('ana'), contact('bo'), contact('cy')]);
    present.close();
    const slices: string[] = [];

    const killed = await unlockedStore({ ...disk, plan: fillMottos(slices, account('bo')) });
    expect(await faultFrom(killed.contacts.toArray())).toMatchObject({ code: 'sealed-value-damaged' });
    expect(await faultFrom(killed.finishUpgrade())).toMatchObject({ code: 'killed' });
    killed.close();
    expect(slices).toEqual(['', account('ana')]);

    const again = await unlockedStore({ ...disk, plan: fillMottos(slices) });
    await again.finishUpgrade();
    await again.finishUpgrade();
    expect(slices.slice(2)).toEqual([account('ana'), account('bo'), account('cy')]);
    expect(await again.contacts.toArray()).toEqual(
      ['ana', 'bo', 'cy'].map((name) => ({ ...contact(name), motto: name })),
    );
    expect(await again.schemaMigrations.get(SCHEMA_VERSION + 1)).toMatchObject({ success: true, unlockedAt: NOW });
  });

  it('has nothing to do in a store that is made at that version', async () => {
    const slices: string[] = [];
    const store = await unlockedStore({ plan: fillMottos(slices) });
    await store.finishUpgrade();
    expect(slices).toEqual([]);
  });

  it('is refused while locked', async () => {
    const store = await lockedStore();
    expect(await faultFrom(store.finishUpgrade())).toMatchObject({ code: 'locked' });
  });
});

async function diskWithAna() {
  const disk = { indexedDB: new IDBFactory(), IDBKeyRange };
  const store = await unlockedStore(disk);
  await store.users.add(user('ana'));
  store.close();
  return disk;
}

const rowsWhere = (store: Store, column: string, value: string) => store.users.where(column).equals(value).toArray();

const withoutBooks = (dumped: Awaited<ReturnType<typeof dumpDatabase>>) => ({
  ...dumped,
  stores: dumped.stores.filter(({ name }) => name !== 'schemaMigrations'),
});
