import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64urlFromBytes } from '../../../src/lib/core/bytes.ts';
import { settle } from '../../../src/lib/core/result.ts';
import { backedUpTables, leftOut } from '../../../src/lib/db/backup/contents.ts';
import { clearUnfinishedLoad } from '../../../src/lib/db/backup/unfinished.ts';
import { deleteBackup, lastBackup } from '../../../src/lib/db/backup/records.ts';
import { takeSnapshot } from '../../../src/lib/db/backup/snapshot.ts';
import { declarationOf, tableNames, type TableName } from '../../../src/lib/db/schema.ts';
import type { Store } from '../../../src/lib/db/store.ts';
import { lockedStore, unlockedStore } from '../disks.ts';
import { conversation, meetAna, messageRow, NOW, user } from '../fixtures.ts';
import { keyOf, onDisk, plant, sampleRow, tableOf } from '../samples.ts';
import { copyOf, everything, putBack, type Copy } from './copies.ts';

const rowsIn = (copy: Copy, table: TableName) =>
  copy.flatMap((part) => ('rows' in part && part.table === table ? part.rows : []));

async function restored(copies: readonly Copy[]): Promise<Store> {
  const store = await unlockedStore();
  await putBack(store, copies);
  return store;
}

describe('a full copy', () => {
  it('has every row of every table that is not left out, and gives it back the same', async () => {
    const store = await unlockedStore();
    for (const table of backedUpTables) await plant(store, table, 1);
    const { copy, damaged } = await copyOf(store, 'one', false);
    expect(damaged).toEqual([]);
    const before = await everything(store);
    for (const table of backedUpTables) expect(before.get(table)?.length, table).toBeGreaterThan(0);
    expect(await everything(await restored([copy]))).toEqual(before);
  });

  it('leaves out only tables with a reason', () => {
    expect([...backedUpTables, ...Object.keys(leftOut)].sort()).toEqual([...tableNames].sort());
    for (const reason of Object.values(leftOut)) expect(reason.length).toBeGreaterThan(20);
  });

  it('reads large tables in slices, each row once', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    const rows = Array.from({ length: 2_500 }, (_, i) => messageRow('ana', `m${i}`, i));
    await store.messages.bulkAdd(rows);
    const { copy } = await copyOf(store, 'one', false);
    expect(rowsIn(copy, 'messages')).toEqual(rows);
  });

  it('says which rows did not open, and has all the others', async () => {
    const factory = new IDBFactory();
    const store = await unlockedStore({ indexedDB: factory, IDBKeyRange });
    await meetAna(store);
    await store.messages.bulkAdd([1, 2, 3, 4].map((i) => messageRow('ana', `m${i}`, i)));
    const row = messageRow('ana', 'm2', 2);
    const key = [row.conversationId, row.sortKey];
    const stored = await onDisk(factory, 'messages', 'readonly', (rows) => rows.get(key) as IDBRequest<object>);
    await onDisk(factory, 'messages', 'readwrite', (rows) => rows.put({ ...stored, $sealed: new Uint8Array(60) }));
    const { copy, damaged } = await copyOf(store, 'one', false);
    expect(damaged).toEqual(['messages']);
    expect(rowsIn(copy, 'messages')).toHaveLength(3);
  });

  it('holds no chain to seal with, nothing sealed with one, and no wrapping of the passphrase', async () => {
    const store = await unlockedStore();
    const own = new Uint8Array(32).fill(9);
    await store.conversations.add({
      ...(sampleRow('conversations', 1) as never as Parameters<Store['conversations']['add']>[0]),
      contactId: undefined as never,
      workspaceId: undefined as never,
      groupId: undefined as never,
      kind: 'system',
    });
    const group1 = { ...sampleRow('mlsGroups', 1), conversationId: sampleRow('conversations', 1)['id'] };
    await tableOf(store, 'mlsGroups').put(group1);
    const chain = { ...sampleRow('senderKeys', 1), groupId: group1['groupId' as never] };
    await tableOf(store, 'senderKeys').put(chain);
    await tableOf(store, 'senderKeys').put({ ...chain, senderPublicKey: base64urlFromBytes(own) });
    const key = { algorithm: 'x', createdAt: NOW, usageCount: 0 };
    await store.keyStore.put({ ...key, keyId: 'mlsSignature', keyType: 'mlsSignature', key: own, publicKey: own });
    await store.keyStore.put({ ...key, keyId: 'database', keyType: 'database', encryptedKey: own });
    const operation = { ...sampleRow('offlineOperations', 1), operationType: 'append', status: 'pending' };
    await tableOf(store, 'offlineOperations').put(operation);

    const { copy } = await copyOf(store, 'one', false);
    expect(rowsIn(copy, 'senderKeys')).toEqual([chain]);
    expect(rowsIn(copy, 'mlsGroups')[0]).not.toHaveProperty('staged');
    expect(rowsIn(copy, 'keyStore').map((row) => row['keyId'])).toEqual(['mlsSignature']);
    const [waiting] = rowsIn(copy, 'offlineOperations');
    expect(waiting).toMatchObject({
      id: operation['id' as never],
      status: 'needsRekey',
      operationData: operation['operationData' as never],
    });
    for (const gone of ['payload', 'epoch', 'streamId']) expect(waiting).not.toHaveProperty(gone);
  });

  it('can be stopped', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    const target = { rows: () => undefined, gone: () => undefined, damaged: () => undefined };
    let asked = 0;
    const stopped = settle(() =>
      takeSnapshot(store, { target, isIncremental: false, progress: () => undefined, isCancelled: () => ++asked > 5 }),
    );
    expect(await stopped).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });
});

describe('increments', () => {
  it('hold what changed, and nothing else', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    await store.messages.bulkAdd([1, 2, 3].map((i) => messageRow('ana', `m${i}`, i)));
    await copyOf(store, 'one', false);
    await store.messages.update([conversation('ana'), messageRow('ana', 'm2', 2).sortKey], { content: 'edited' });
    await store.messages.delete([conversation('ana'), messageRow('ana', 'm3', 3).sortKey]);
    const { copy } = await copyOf(store, 'two', true);
    expect(copy).toEqual([
      { table: 'messages', gone: [[conversation('ana'), messageRow('ana', 'm3', 3).sortKey]] },
      { table: 'messages', rows: [messageRow('ana', 'm2', 2, { content: 'edited' })] },
    ]);
    expect((await copyOf(store, 'three', true)).copy).toEqual([]);
  });

  it('survive that two rows swap what only one may have', async () => {
    const store = await unlockedStore();
    await store.users.bulkAdd([user('ana', { handle: 'a' }), user('bo', { handle: 'b' })]);
    const { copy: full } = await copyOf(store, 'one', false);
    await store.users.update(user('ana').id, { handle: 'c' });
    await store.users.update(user('bo').id, { handle: 'a' });
    await store.users.update(user('ana').id, { handle: 'b' });
    const { copy: more } = await copyOf(store, 'two', true);
    expect(await everything(await restored([full, more]))).toEqual(await everything(store));
  });

  it('need the last backup to be known', async () => {
    const store = await unlockedStore();
    expect(await lastBackup(store)).toBeUndefined();
    await meetAna(store);
    await copyOf(store, 'one', false);
    expect(await lastBackup(store)).toMatchObject({ backupId: 'one' });
    await deleteBackup(store, 'one');
    expect(await lastBackup(store)).toBeUndefined();
    expect(await store.backupContents.count()).toBe(0);
  });

  /** One change of a random store; what a constraint refuses does not happen. */
  type Step =
    | { readonly do: 'plant' | 'delete'; readonly table: TableName; readonly seed: number }
    | { readonly do: 'change'; readonly table: TableName; readonly seed: number; readonly by: number }
    | { readonly do: 'back up' };

  const table = fc.constantFrom(...backedUpTables.filter((name) => name !== 'settings'));
  const seed = fc.integer({ min: 1, max: 4 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('plant' as const), table, seed }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), table, seed }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('change' as const), table, seed, by: fc.integer({ min: 1, max: 9 }) }),
    },
    { weight: 3, arbitrary: fc.constant({ do: 'back up' as const }) },
  );

  async function take(store: Store, one: Exclude<Step, { readonly do: 'back up' }>): Promise<void> {
    const { key } = declarationOf(one.table);
    const row = sampleRow(one.table, one.seed);
    if (one.do === 'plant') return void (await plant(store, one.table, one.seed));
    const rows = store[one.table] as unknown as {
      delete(key: unknown): Promise<void>;
      update(key: unknown, change: object): Promise<number>;
    };
    if (one.do !== 'change') return rows.delete(keyOf(one.table, row));
    const { columns, fixed, relations } = declarationOf(one.table);
    const bound = new Set([key, fixed, relations.map(({ column }) => column)].flat(2));
    const [name] = Object.entries(columns).find(([name, { kind }]) => kind === 'text' && !bound.has(name)) ?? [];
    if (name !== undefined) await rows.update(keyOf(one.table, row), { [name]: `changed ${one.seed} ${one.by}` });
  }

  it('together with the full backup give the store back, whatever happened in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const store = await unlockedStore();
        const copies: Copy[] = [];
        for (const one of [...steps, { do: 'back up' } as const]) {
          if (one.do === 'back up') copies.push((await copyOf(store, `b${copies.length}`, copies.length > 0)).copy);
          else await settle(() => take(store, one));
        }
        expect(await everything(await restored(copies))).toEqual(await everything(store));
        store.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe('a restore that did not get to its end', () => {
  it('leaves nothing behind at the next start, and what is whole stays', async () => {
    const disk = { indexedDB: new IDBFactory(), IDBKeyRange };
    const store = await unlockedStore(disk);
    await meetAna(store);
    const { copy } = await copyOf(store, 'one', false);
    await clearUnfinishedLoad(store);
    expect(await store.users.count()).toBe(1);

    const half = await unlockedStore({ indexedDB: new IDBFactory(), IDBKeyRange });
    await putBack(half, [copy]);
    half.lock();
    await clearUnfinishedLoad(half);
    for (const name of tableNames) {
      if (name !== 'schemaMigrations') expect(await tableOf(half, name).count(), name).toBe(0);
    }
    const fresh = await lockedStore();
    await clearUnfinishedLoad(fresh);
    expect(await fresh.users.count()).toBe(0);
  });
});
