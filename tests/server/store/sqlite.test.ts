import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Bytes } from '../../../src/lib/core/bytes.ts';
import { idFromBytes, type AccountId, type DeviceId, type StreamId } from '../../../src/lib/core/ids.ts';
import { silent } from '../../../src/lib/core/ports.ts';
import { refuse, settle } from '../../../src/lib/core/result.ts';
import { relayFault } from '../../../src/lib/protocol/errors.ts';
import type { Store, Tables } from '../../../src/lib/server/store/port.ts';
import { openSqliteStore } from '../../../src/lib/server/store/sqlite.ts';
import { migrate } from '../../../src/lib/server/store/sqlite/migrate.ts';
import { countedRandom } from '../relayWorld.ts';

const random = countedRandom(7);
const folders: string[] = [];
const stores: Store[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-store-'));
  folders.push(folder);
  return folder;
}

function open(dataDir: string): Store {
  const store = openSqliteStore({ dataDir, now: 1, logger: silent });
  stores.push(store);
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const account = idFromBytes<AccountId>(random.bytes(32));
const newStream = () => idFromBytes<StreamId>(random.bytes(16));

const makeStream = (store: Store, stream: StreamId): Promise<void> =>
  store.write(({ streams }) => streams.insertStream(stream, { kind: 'group', head: 0, epoch: 1, fence: 0 }, 1));

const headOf = (store: Store, stream: StreamId): Promise<number | undefined> =>
  store.read(async ({ streams }) => (await streams.lockStream(stream))?.head);

const grow =
  (stream: StreamId) =>
  ({ streams }: Tables) =>
    streams.moveHead(stream, 1);

describe.each(['a file', 'memory'])('the store in %s', (place) => {
  const newStore = () => open(place === 'memory' ? ':memory:' : newFolder());

  test('commits concurrent writes together, each with its own answer', async () => {
    const store = newStore();
    const stream = newStream();
    await makeStream(store, stream);
    const heads = await Promise.all(Array.from({ length: 1_500 }, () => store.write(grow(stream))));
    expect(heads).toEqual(Array.from({ length: 1_500 }, (_, i) => i + 1));
    expect(await headOf(store, stream)).toBe(1_500);
  });

  test('undoes a refused write whole, and none of those around it', async () => {
    const store = newStore();
    const stream = newStream();
    await makeStream(store, stream);
    const outcomes = await Promise.all([
      settle(store.write(grow(stream))),
      settle(
        store.write(async (tables) => {
          await grow(stream)(tables);
          await grow(stream)(tables);
          refuse(relayFault('epoch-taken'));
        }),
      ),
      settle(store.write(grow(stream))),
    ]);
    expect(outcomes).toMatchObject([{ value: 1 }, { error: { code: 'epoch-taken' } }, { value: 2 }]);
    expect(await headOf(store, stream)).toBe(2);
  });

  test('hands a bug to the one who made it, and goes on', async () => {
    const store = newStore();
    const stream = newStream();
    await makeStream(store, stream);
    const bug = store.write(async (tables) => {
      await grow(stream)(tables);
      throw new RangeError('bug');
    });
    const next = store.write(grow(stream));
    await expect(bug).rejects.toThrow(RangeError);
    expect(await next).toBe(1);
  });

  test('reads see every write that was answered, and none that was not', async () => {
    const store = newStore();
    const stream = newStream();
    await makeStream(store, stream);
    for (let head = 1; head <= 20; head++) {
      await store.write(grow(stream));
      expect(await headOf(store, stream)).toBe(head);
    }
  });

  test('finishes what was begun before it closes, and refuses what comes later', async () => {
    const store = newStore();
    const stream = newStream();
    const made = makeStream(store, stream);
    await store.close();
    await made;
    expect(await settle(store.write(grow(stream)))).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(await settle(headOf(store, stream))).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });

  test('takes no second entry with a number or an id that is taken', async () => {
    const store = newStore();
    const stream = newStream();
    const [device, one, two]: Bytes[] = [random.bytes(16), random.bytes(16), random.bytes(16)];
    const sender = idFromBytes<DeviceId>(device ?? random.bytes(16));
    await makeStream(store, stream);
    await store.write(async ({ accounts }) => {
      await accounts.insertAccount(account, random.bytes(32), 1);
      await accounts.insertDevice(
        { device: sender, account, loginKey: random.bytes(32), certificate: random.bytes(9), sequence: 0 },
        1,
      );
    });
    const insert = (seq: number, id: Bytes | undefined) =>
      store.write(({ streams }) =>
        streams.insertEntries(stream, [
          {
            seq,
            kind: 'record',
            id: idFromBytes<string>(id ?? random.bytes(16)),
            epoch: 1,
            sender,
            at: 1,
            payload: new Uint8Array(),
          },
        ]),
      );
    await insert(1, one);
    await expect(insert(1, two)).rejects.toThrow(/UNIQUE/);
    await expect(insert(2, one)).rejects.toThrow(/UNIQUE/);
    await expect(insert(0, two)).rejects.toThrow(/CHECK/);
    await insert(2, two);
  });
});

describe('the store in a file', () => {
  test('is there again after it was closed', async () => {
    const folder = newFolder();
    const stream = newStream();
    const before = open(folder);
    await makeStream(before, stream);
    await before.write(grow(stream));
    await before.close();
    expect(await headOf(open(folder), stream)).toBe(1);
  });

  test('waits for the disk once for all that arrive together', async () => {
    const store = open(newFolder());
    const stream = newStream();
    await makeStream(store, stream);
    const run = vi.spyOn(StatementSync.prototype, 'run');
    await Promise.all(Array.from({ length: 100 }, () => store.write(grow(stream))));
    const commits = run.mock.contexts.filter(
      (statement) => statement instanceof StatementSync && statement.sourceSQL === 'COMMIT',
    );
    run.mockRestore();
    expect(commits).toHaveLength(1);
  });
});

describe('migrations', () => {
  const step = (version: number, sqlite: string) => ({ version, description: `step ${version}`, sqlite });
  const one = step(1, 'CREATE TABLE one (a INTEGER) STRICT');
  const versions = (database: DatabaseSync) =>
    database
      .prepare('SELECT version, applied_at FROM schema_migrations')
      .all()
      .map((row) => [row['version'], row['applied_at']]);

  test('are applied once, in order, and recorded', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, 5, [one]);
    migrate(database, 6, [one, step(2, 'ALTER TABLE one ADD COLUMN b INTEGER')]);
    expect(versions(database)).toEqual([
      [1, 5],
      [2, 6],
    ]);
  });

  test('leave everything as it was when one fails', () => {
    const database = new DatabaseSync(':memory:');
    const broken = step(2, 'CREATE TABLE two (a INTEGER) STRICT; CREATE TABLE one (a INTEGER)');
    expect(() => migrate(database, 5, [one, broken])).toThrow(/already exists/);
    expect(versions(database)).toEqual([[1, 5]]);
    expect(() => database.prepare('SELECT * FROM two')).toThrow(/no such table/);
  });

  test('are refused by an older relay, and when a released one was changed', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, 5, [one, step(2, 'CREATE TABLE two (a INTEGER) STRICT')]);
    expect(() => migrate(database, 6, [one])).toThrow(/newer/);
    expect(() => migrate(database, 6, [step(1, 'CREATE TABLE uno (a INTEGER)'), one])).toThrow(/changed/);
  });
});
