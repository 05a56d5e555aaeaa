import { Dexie, RangeSet } from 'dexie';
import { describe, expect, it } from 'vitest';
import { refuse } from '../../src/lib/core/result.ts';
import { checksumOf } from '../../src/lib/db/migrations.ts';
import { schema, SCHEMA_VERSION } from '../../src/lib/db/schema.ts';
import { lockedStore, newDisk, unlockedStore } from './disks.ts';
import { account, contact, conversation, faultFrom, meetAna, message, messageRow, sortKey, user } from './fixtures.ts';

const NEWER = SCHEMA_VERSION + 1;

describe('opening the store', () => {
  it('keeps books about the schema it was made with', async () => {
    const store = await lockedStore();
    expect(await store.schemaMigrations.toArray()).toEqual([
      {
        version: SCHEMA_VERSION,
        appliedAt: store.clock.now(),
        description: 'The whole data layer',
        checksum: checksumOf(schema),
        success: true,
        unlockedAt: store.clock.now(),
      },
    ]);
  });

  it('finds its rows again after it was closed', async () => {
    const disk = newDisk();
    const first = await unlockedStore(disk);
    await first.users.add(user('ana'));
    first.close();

    const second = await unlockedStore(disk);
    expect(await second.users.get(account('ana'))).toEqual(user('ana'));
    expect(await second.schemaMigrations.count()).toBe(1);
  });

  it('refuses a store that a newer app wrote, and leaves it as it is', async () => {
    const disk = newDisk();
    await rawOpen(disk.indexedDB, NEWER * 10, (db) => db.createObjectStore('future'));

    expect(await faultFrom(lockedStore(disk))).toMatchObject({ code: 'store-newer', retry: 'person' });

    const after = await rawOpen(disk.indexedDB, undefined);
    expect(after).toEqual({ version: NEWER * 10, stores: ['future'] });
  });

  it('lets go when a newer app wants to upgrade, and says so', async () => {
    const disk = newDisk();
    let told = 0;
    const store = await lockedStore({ ...disk, onSuperseded: () => told++ });

    await rawOpen(disk.indexedDB, NEWER * 10);

    expect(told).toBe(1);
    expect(await faultFrom(store.tx('r', ['users'], () => store.users.toArray()))).toMatchObject({
      code: 'storage-connection',
    });
  });

  it('says when an older tab keeps an upgrade waiting', async () => {
    const disk = newDisk();
    const old = await holdOpen(disk.indexedDB, 5);
    let told = 0;
    const opening = lockedStore({
      ...disk,
      onBlocked() {
        told++;
        old.close();
      },
    });
    await opening;
    expect(told).toBe(1);
  });
});

describe('a transaction', () => {
  it('undoes everything when its work refuses', async () => {
    const store = await unlockedStore();
    const fault = await faultFrom(
      store.tx('rw', ['users'], async () => {
        await store.users.add(user('ana'));
        refuse({ code: 'changed-my-mind', retry: 'never' });
      }),
    );
    expect(fault.code).toBe('changed-my-mind');
    expect(await store.users.count()).toBe(0);
  });

  it('may go on after a refused write that it caught', async () => {
    const store = await unlockedStore();
    await store.users.add(user('ana'));
    await store.tx('rw', ['users'], async () => {
      expect(await faultFrom(store.users.add(user('ana')))).toMatchObject({ code: 'duplicate', entity: 'users' });
      await store.users.add(user('bo'));
    });
    expect(await store.users.count()).toBe(2);
  });

  it('that has begun goes on to its end when the store is closed, and the store is quiet only then', async () => {
    const disk = newDisk();
    const store = await unlockedStore(disk);
    let isOver = false;
    const begun = Promise.withResolvers<undefined>();
    const writing = store.tx('rw', ['users'], async () => {
      await store.users.add(user('ana'));
      begun.resolve(undefined);
      await store.users.add(user('bo'));
      for (let i = 0; i < 20; i++) await store.users.count();
    });
    await begun.promise;
    store.close();
    const ended = writing.then(() => (isOver = true));
    await store.quiet();

    expect(isOver).toBe(true);
    await ended;
    const again = await unlockedStore(disk);
    expect(await again.users.count()).toBe(2);
    await again.quiet();
  });

  it('reads its own writes, opened', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    const texts = await store.tx('rw', ['messages'], async () => {
      await store.messages.bulkAdd([messageRow('ana', 'a', 1), messageRow('ana', 'b', 2)]);
      await store.messages.update([conversation('ana'), sortKey(1)], { content: 'changed' });
      return (await store.messages.where('conversationId').equals(conversation('ana')).toArray()).map(
        (row) => row.content,
      );
    });
    expect(texts).toEqual(['changed', 'text of b']);
  });
});

it('keeps what is true in a JSON column as it is: only columns of truth values are numbers on disk', async () => {
  const store = await unlockedStore();
  const row = { backupId: 'a', backupType: 'full', createdAt: 1, status: 'running', encryptionInfo: true } as const;
  await store.backupMetadata.add(row);
  expect(await store.backupMetadata.get('a')).toEqual(row);
});

describe('a live query', () => {
  it('shows the answer at once and after each change, in this tab and another, until it is let go', async () => {
    const disk = newDisk();
    const mine = await unlockedStore(disk);
    const other = await unlockedStore(disk);
    await meetAna(mine);
    const seen = watcher<(string | undefined)[]>();
    const stop = mine.live(
      async () =>
        (await mine.messages.where('conversationId').equals(conversation('ana')).toArray()).map((row) => row.content),
      seen.show,
    );
    expect(await seen.next()).toEqual([]);
    await mine.messages.add(messageRow('ana', 'a', 1));
    expect(await seen.next()).toEqual(['text of a']);
    await other.messages.where('id').equals(message('a')).modify({ content: 'changed elsewhere' });
    expect(await seen.next()).toEqual(['changed elsewhere']);
    stop();
    await mine.messages.add(messageRow('ana', 'b', 2));
    expect(seen.pending()).toBe(0);
  });

  it('hears of rows that a cascade took', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    await store.messages.add(messageRow('ana', 'a', 1));
    const seen = watcher<number>();
    store.live(() => store.messages.where('conversationId').equals(conversation('ana')).count(), seen.show);
    expect(await seen.next()).toBe(1);
    await store.contacts.delete(account('ana'));
    expect(await seen.next()).toBe(0);
  });

  it('keeps nothing of what is written elsewhere', async () => {
    const store = await unlockedStore();
    const seen = watcher<number>();
    const stop = store.live(() => store.users.count(), seen.show);
    expect(await seen.next()).toBe(0);
    // As Dexie tells its live queries what was written; whoever keeps it has to look at it.
    let looks = 0;
    const written = new Proxy(new RangeSet('a', 'b'), { ownKeys: () => (looks++, []), get: () => void looks++ });
    const { subscribers } = Dexie.on.storagemutated as unknown as { subscribers: ((parts: object) => void)[] };
    subscribers.at(-1)?.({ 'idb://elsewhere/messages/': written });
    expect(looks).toBe(0);
    stop();
  });

  it('that fails at first is told of, and tried again with the next change', async () => {
    const store = await unlockedStore();
    const seen = watcher<number>();
    const faults = watcher<string>();
    store.live(
      async () => {
        const count = await store.users.count();
        return count === 0 ? refuse({ code: 'not-found', retry: 'never' }) : count;
      },
      seen.show,
      (fault) => faults.show(fault.code),
    );
    expect(await faults.next()).toBe('not-found');
    await store.users.add(user('ana'));
    expect(await seen.next()).toBe(1);
  });

  it('that fails for no reason of its own is tried again without a change', async () => {
    const waiting: (() => void)[] = [];
    const clock = {
      now: () => 0,
      after: (_ms: number, run: () => void) => {
        waiting.push(run);
        return () => waiting.splice(waiting.indexOf(run), 1);
      },
    };
    const store = await unlockedStore({ clock });
    const seen = watcher<string>();
    const faults = watcher<string>();
    let asked = 0;
    const stop = store.live(
      () => {
        asked++;
        return asked === 1
          ? Promise.reject(new DOMException('the transaction was aborted', 'AbortError'))
          : Promise.resolve(`asked ${asked} times`);
      },
      seen.show,
      (fault) => faults.show(fault.code),
    );
    expect(await faults.next()).toMatch('storage');
    expect(waiting).toHaveLength(1);
    waiting.pop()?.();
    expect(await seen.next()).toBe('asked 2 times');
    expect(waiting).toHaveLength(0);
    stop();
  });

  it('asks again when the store is unlocked', async () => {
    const store = await unlockedStore();
    await store.users.add(user('ana'));
    await store.contacts.add(contact('ana'));
    const sealer = {
      seal: () => new Uint8Array(),
      open: () => undefined,
      keyedHash: () => '',
      databaseKey: () => new Uint8Array(32),
    };
    store.lock();
    const seen = watcher<(string | undefined)[]>();
    const faults = watcher<string>();
    store.live(
      async () => (await store.contacts.toArray()).map((row) => row.displayName),
      seen.show,
      (fault) => faults.show(fault.code),
    );
    expect(await seen.next()).toEqual([undefined]);
    store.unlock(sealer);
    expect(await faults.next()).toBe('sealed-value-damaged');
  });
});

/** Values as they are shown, one at a time. */
function watcher<T>() {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    show(value: T) {
      const first = waiting.shift();
      if (first === undefined) values.push(value);
      else first(value);
    },
    next: () =>
      new Promise<T>((resolve) => {
        const value = values.shift();
        if (value === undefined) waiting.push(resolve);
        else resolve(value);
      }),
    pending: () => values.length,
  };
}

function holdOpen(
  factory: IDBFactory,
  version: number | undefined,
  upgrade?: (db: IDBDatabase) => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open('cairn', version);
    request.onupgradeneeded = () => upgrade?.(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('open'));
  });
}

async function rawOpen(factory: IDBFactory, version: number | undefined, upgrade?: (db: IDBDatabase) => void) {
  const db = await holdOpen(factory, version, upgrade);
  const found = { version: db.version, stores: [...db.objectStoreNames] };
  db.close();
  return found;
}
