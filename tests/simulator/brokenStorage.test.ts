import { IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { silent } from '../../src/lib/core/ports.ts';
import { err, unwrap, type Result } from '../../src/lib/core/result.ts';
import { checkIntegrity } from '../../src/lib/db/integrity.ts';
import { compactStep } from '../../src/lib/db/messages/compact.ts';
import { importMessages } from '../../src/lib/db/messages/importMessages.ts';
import { pageOf } from '../../src/lib/db/messages/pages.ts';
import { nothingHangs } from '../../src/lib/db/messages/whole.ts';
import { runRetention, setPolicy } from '../../src/lib/db/retention.ts';
import { tendIndex } from '../../src/lib/db/search/upkeep.ts';
import { openStore, type Store } from '../../src/lib/db/store.ts';
import { webLoginKeys } from '../../src/lib/platform/loginKeys.ts';
import { blobFiles } from '../../src/lib/services/blobFiles.ts';
import { createCairn, type Cairn } from '../../src/lib/services/cairn.ts';
import { networkFault } from '../../src/lib/sync/transport.ts';
import { conversation, meetAna, messageRow, NOW, sortKey, testSealer } from '../db/fixtures.ts';
import { textsFor } from '../db/search/history.ts';
import { createClock, createLocks, createRandom, type WorldClock } from '../world/seeded.ts';
import { createDisk, createLife, Killed, type Disk, type Life } from './life.ts';

const DAY = 86_400_000;
/** Each process makes ids of its own. */
let processes = 0;
const id = conversation('ana');
const texts = Array.from({ length: 150 }, (_, i) => (i % 50 === 7 ? `long ${'stone '.repeat(3_000)}` : `text ${i}`));
const history = texts.map((content, i) => ({
  ...nothingHangs(),
  row: messageRow('ana', `m${i}`, i * 60_000, { content, sortKey: sortKey(NOW + i * 60_000) }),
}));

/** What looks after a store in many steps, on a store with a sealer and no account. */
interface Upkeep {
  readonly what: string;
  readonly prepare: (store: Store) => Promise<unknown>;
  readonly run: (store: Store) => Promise<unknown>;
  /** What holds after a kill, wherever it was. */
  readonly always: (store: Store) => Promise<unknown>;
  /** What holds once it ran to its end. */
  readonly done: (store: Store) => Promise<unknown>;
}

const wholeHistory = async (store: Store): Promise<void> =>
  expect((await pageOf(store, { conversationId: id, limit: 1_000 })).rows.map((row) => row.content)).toEqual(texts);

const tended = async (store: Store): Promise<void> => {
  while (await tendIndex(store, () => Promise.resolve()));
};

const found = async (store: Store, typed: string): Promise<number> => (await textsFor(store, typed)).length;

const upkeep: readonly Upkeep[] = [
  {
    what: 'packing old messages into blocks',
    prepare: (store) => importMessages(store, id, history),
    async run(store) {
      for (let from: string | undefined = ''; from !== undefined;) from = await compactStep(store, id, from, 10);
    },
    always: wholeHistory,
    done: async (store) => expect(await store.messages.count()).toBeLessThan(80),
  },
  {
    what: 'an import, begun again from its start',
    prepare: () => Promise.resolve(),
    run: (store) => importMessages(store, id, history),
    async always(store) {
      const { rows } = await pageOf(store, { conversationId: id, limit: 1_000 });
      expect(rows.map((row) => row.content)).toEqual(texts.slice(0, rows.length));
    },
    done: wholeHistory,
  },
  {
    what: 'taking messages into the search index',
    prepare: (store) => importMessages(store, id, history),
    run: tended,
    // What is found is there, and once.
    always: async (store) => expect([0, 3]).toContain(await found(store, 'stone')),
    done: async (store) => expect(await found(store, 'stone')).toBe(3),
  },
  {
    what: 'carrying out how long things are kept',
    async prepare(store) {
      await importMessages(store, id, history);
      await setPolicy(store, 'messages', { retentionDays: 1, cleanupEnabled: true });
    },
    run: (store) => runRetention(store, NOW + DAY + 70 * 60_000),
    async always(store) {
      const { rows } = await pageOf(store, { conversationId: id, limit: 1_000 });
      expect(rows.map((row) => row.content)).toEqual(texts.slice(texts.length - rows.length));
    },
    done: async (store) => expect((await pageOf(store, { conversationId: id, limit: 1_000 })).rows).toHaveLength(80),
  },
];

/** Goes on to later points faster and faster: what takes many steps is not killed at each. */
const nextPoint = (point: number): number => point + 1 + Math.floor(point / 5);
const MOST_POINTS = 20_000;

describe('a tab that is killed at any step of', () => {
  it.each(upkeep)('$what loses nothing, and the next one gets it done', async ({ prepare, run, always, done }) => {
    let kills = 0;
    for (let point = 1; point < MOST_POINTS; point = nextPoint(point)) {
      const disk = createDisk();
      const first = await storeOn(disk);
      await meetAna(first);
      await prepare(first);
      first.close();
      const life = createLife(disk, () => undefined);
      const isKilled = await endsEarly(life, async () => run(await storeOn(disk, life)), point);

      const next = await storeOn(disk);
      await always(next);
      expect((await checkIntegrity(next, () => true)).findings, `after a kill at point ${point}`).toEqual([]);
      await run(next);
      await done(next);
      expect((await checkIntegrity(next, () => true)).findings, `done after a kill at point ${point}`).toEqual([]);
      next.close();
      if (!isKilled) break;
      kills++;
    }
    expect(kills).toBeGreaterThan(2);
  });
});

describe('a disk that is full at any write of', () => {
  it.each(upkeep)('$what loses nothing, and it gets done with room', async ({ prepare, run, always, done }) => {
    let refusals = 0;
    for (let write = 1; write < MOST_POINTS; write = nextPoint(write)) {
      const disk = createDisk();
      const life = createLife(disk, () => undefined);
      const store = await storeOn(disk, life);
      await meetAna(store);
      await prepare(store);
      life.fullAt(write);
      const thrown = await run(store).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      const wasFull = life.fullAt(Infinity);
      if (wasFull) expect(thrown).toMatchObject({ fault: { code: 'storage-full' } });
      await always(store);
      await run(store);
      await done(store);
      expect((await checkIntegrity(store, () => true)).findings, `full at write ${write}`).toEqual([]);
      store.close();
      if (!wasFull) break;
      refusals++;
    }
    expect(refusals).toBeGreaterThan(2);
  });
});

describe('an account whose tab is killed at any step of', () => {
  it('changing the passphrase opens with the one before or the new one', async () => {
    const outcomes = await killedAtEachPoint(
      (client) => client.changePassphrase({ current: 'correct horse battery', next: 'another stone on top' }),
      async (client, { clock }) => {
        const opened = await client.unlock('another stone on top');
        clock.advance(60_000);
        if (!opened.ok) unwrap(await client.unlock('correct horse battery'));
        return opened.ok ? 'new' : 'before';
      },
    );
    expect(outcomes).toEqual(new Set(['before', 'new']));
  });

  it('making a backup has it whole or not at all, and makes the next one', async () => {
    const own = { type: 'full', passphrase: 'a passphrase of its own' } as const;
    await killedAtEachPoint(
      async (client) => {
        unwrap(await client.makeBackup(own));
        return client.saveBackup();
      },
      async (client) => {
        unwrap(await client.unlock('correct horse battery'));
        const made = unwrap(await client.makeBackup(own));
        expect(made.damaged).toBe(0);
        unwrap(await client.saveBackup());
        return (await client.inspectBackup(made.file)).ok;
      },
    );
  });

  it('coming back from a backup has no account or all of it, and can begin again', async () => {
    const opener = { passphrase: 'a passphrase of its own' };
    const source = await appOn(createDisk());
    unwrap(await source.client.createAccount({ name: 'Ana', passphrase: 'correct horse battery' }));
    const notes = unwrap(await source.client.openNotes('Notes'));
    for (const text of ['one', 'two', 'three']) unwrap(await source.client.sendText(notes, text));
    const { file } = unwrap(await source.client.makeBackup({ type: 'full', ...opener }));
    source.client.dispose();
    const restore = (client: Cairn) =>
      client.restoreBackup({ files: [file], opener, passphrase: 'another stone on top' });

    const outcomes = await killedAtEachPoint(
      restore,
      async (client, { store }) => {
        const opened = await client.unlock('another stone on top');
        if (!opened.ok) {
          expect(opened.error.code).toBe('no-account');
          unwrap(await restore(client));
        }
        const { rows } = await pageOf(store, { conversationId: notes, limit: 10 });
        expect(rows.map((row) => row.content)).toEqual(['one', 'two', 'three']);
        return opened.ok ? 'all' : 'none';
      },
      () => Promise.resolve(),
    );
    expect(outcomes).toEqual(new Set(['none', 'all']));
  });
});

/**
 * Does something on a fresh device, killed ever later, and looks at what a new process finds.
 * @returns what `after` said.
 */
async function killedAtEachPoint<T>(
  act: (client: Cairn) => Promise<Result<unknown>>,
  after: (client: Cairn, app: App) => Promise<T>,
  prepare = async (client: Cairn): Promise<void> => {
    unwrap(await client.createAccount({ name: 'Ana', passphrase: 'correct horse battery' }));
    unwrap(await client.sendText(unwrap(await client.openNotes('Notes')), 'kept'));
  },
): Promise<Set<T>> {
  const said = new Set<T>();
  for (let point = 1; point < MOST_POINTS; point = nextPoint(point)) {
    // The same processes in each round: their keys are worked out once.
    processes = 0;
    const disk = createDisk();
    const before = await appOn(disk);
    await prepare(before.client);
    before.client.dispose();
    const life = createLife(disk, () => undefined);
    const first = await appOn(disk, life);
    if (await first.store.keyStore.count()) unwrap(await first.client.unlock('correct horse battery'));
    const isKilled = await endsEarly(life, () => act(first.client), point);
    first.client.dispose();

    const next = await appOn(disk);
    said.add(await after(next.client, next));
    expect((await checkIntegrity(next.store, () => true)).findings, `after a kill at point ${point}`).toEqual([]);
    next.client.dispose();
    if (!isKilled) return said;
  }
  return expect.fail('it never came to its end');
}

/** Whether the process was killed before `work` was over. */
async function endsEarly(life: Life, work: () => Promise<unknown>, point: number): Promise<boolean> {
  life.killAt(point);
  const ended = work().catch((thrown: unknown) => {
    if (!life.isOver && !(thrown instanceof Killed)) throw thrown;
  });
  await Promise.race([ended, untilOver(life)]);
  return life.spare();
}

/** A dead process never answers. */
async function untilOver(life: Life): Promise<void> {
  while (!life.isOver) await new Promise((turn) => setImmediate(turn));
}

async function storeOn(disk: Disk, life?: Life): Promise<Store> {
  const store = await openStore({
    name: 'cairn',
    clock: createClock(NOW),
    random: createRandom(`process ${processes++}`),
    indexedDB: life?.indexedDB ?? disk,
    IDBKeyRange,
  });
  store.unlock(testSealer());
  return store;
}

interface App {
  readonly clock: WorldClock;
  readonly store: Store;
  readonly client: Cairn;
}

async function appOn(disk: Disk, life?: Life): Promise<App> {
  const clock = createClock(NOW);
  const random = createRandom(`process ${processes++}`);
  const store = await openStore({ name: 'cairn', clock, random, indexedDB: life?.indexedDB ?? disk, IDBKeyRange });
  const client = createCairn({
    store,
    clock,
    random,
    transport: {
      origin: 'https://relay.test',
      post: () => Promise.resolve(err(networkFault('no relay'))),
      listen: () => () => undefined,
    },
    loginKeys: webLoginKeys,
    locks: createLocks(),
    logger: silent,
    backupFiles: blobFiles,
  });
  return { clock, store, client };
}
