import { describe, expect, onTestFinished, test } from 'vitest';
import { newId, type DeviceId, type StreamId } from '../../src/lib/core/ids.ts';
import { silent } from '../../src/lib/core/ports.ts';
import { createAppends } from '../../src/lib/server/appends.ts';
import { createLocalBus } from '../../src/lib/server/bus/local.ts';
import type { Caller } from '../../src/lib/server/context.ts';
import { createRateLimit } from '../../src/lib/server/rateLimit.ts';
import type { Store } from '../../src/lib/server/store/port.ts';
import { openPostgresStore } from '../../src/lib/server/store/postgres.ts';
import { openSqliteStore } from '../../src/lib/server/store/sqlite.ts';
import { countedRandom, testClock } from './relayWorld.ts';
import { databaseUrl, emptyDatabase } from './services.ts';
import { newFolder } from './processes.ts';
import { newPerson, newStream } from './store/people.ts';

const random = countedRandom(21);
const id = () => newId<string>(random);

const engines = [
  {
    name: 'SQLite',
    isThere: true,
    isShared: false,
    open: async () => openSqliteStore({ dataDir: newFolder(), now: 1, logger: silent }),
  },
  {
    name: 'PostgreSQL',
    isThere: databaseUrl !== undefined,
    isShared: true,
    open: async () => openPostgresStore({ url: await emptyDatabase(), now: 1, logger: silent }),
  },
];

/** Appends to a store whose writes are counted, and that begin only once they are let. */
function appendsTo(store: Store, perMinute = Infinity) {
  const clock = testClock();
  const gates: (() => void)[] = [];
  let [writes, isGated] = [0, false];
  const heard: [StreamId, number, string[]][] = [];
  const bus = createLocalBus();
  bus.subscribe(({ stream, head }, fresh) => heard.push([stream, head, fresh?.entries.map((entry) => entry.id) ?? []]));
  const counted: Store = {
    ...store,
    write: async (work) => {
      writes += 1;
      if (isGated) await new Promise<void>((open) => gates.push(open));
      return store.write(work);
    },
  };
  const byStream = createRateLimit(clock, { perMinute, burst: perMinute });
  const appends = createAppends({ store: counted, bus, wake: () => undefined, clock, byStream });
  return {
    heard,
    writes: () => writes,
    hold: () => (isGated = true),
    letGo: () => {
      isGated = false;
      for (const open of gates.splice(0)) open();
    },
    send: (device: DeviceId, stream: StreamId, ids: readonly string[], epoch = 1) => {
      const caller: Caller = { device, account: '' as Caller['account'], tokenHash: new Uint8Array(), expiresAt: 9e15 };
      return appends.take(caller, stream, {
        entries: ids.map((of) => ({ id: of, epoch, payload: new Uint8Array([1, 2]) })),
      });
    },
  };
}

describe.each(engines.filter(({ isThere }) => isThere))(
  'appends that arrive together, with $name',
  ({ open, isShared }) => {
    async function world(perMinute?: number) {
      const store = await open();
      onTestFinished(() => store.close());
      const [ana, bo, eve] = [await newPerson(store), await newPerson(store), await newPerson(store)];
      const streams = [
        await newStream(store, ana.device, bo.device),
        await newStream(store, ana.device, bo.device),
      ] as const;
      return { store, ana, bo, eve, streams, ...appendsTo(store, perMinute) };
    }

    test('take one transaction after the one under way, each with an answer of its own', async () => {
      const { ana, bo, eve, streams, send, hold, letGo, writes, heard } = await world();
      const [first, second] = streams;
      hold();
      const ids = Array.from({ length: 8 }, id);
      const [a = '', b = '', c = '', d = '', e = '', f = '', g = ''] = ids;
      const begun = send(ana.device, first, [a]);
      const others = [
        send(bo.device, first, [b, c]),
        send(ana.device, second, [d]),
        send(eve.device, first, [e]),
        // The same again, of the same sender and of another.
        send(bo.device, first, [c, f]),
        send(ana.device, first, [b]),
        send(bo.device, second, [g], 2),
        send(ana.device, second, [d, g]),
        send(ana.device, newId<StreamId>(random), [id()]),
      ];
      letGo();
      expect(await begun).toMatchObject({ value: { results: [{ ok: true, seq: 1 }] } });
      const seqs = (...numbers: readonly number[]) => ({
        ok: true,
        value: { results: numbers.map((seq) => expect.objectContaining({ ok: true, seq }) as unknown) },
      });
      const refused = (code: string) => ({
        ok: true,
        value: { results: [expect.objectContaining({ ok: false, code })] },
      });
      expect(await Promise.all(others)).toEqual([
        seqs(2, 3),
        seqs(1),
        expect.objectContaining({ ok: false, error: expect.objectContaining({ code: 'forbidden' }) as unknown }),
        seqs(3, 4),
        refused('conflict'),
        refused('future-epoch'),
        seqs(1, 2),
        expect.objectContaining({ ok: false, error: expect.objectContaining({ code: 'not-found' }) as unknown }),
      ]);
      // One for all of them, and one more for the stream that is not there.
      expect(writes()).toBe(2);
      expect(heard).toEqual([
        [first, 4, [a, b, c, f]],
        [second, 2, [d, g]],
      ]);
    });

    test('are refused one by one where the stream grows too fast', async () => {
      const { ana, bo, streams, send } = await world(4);
      const [stream, other] = streams;
      const answers = await Promise.all([
        send(ana.device, stream, [id(), id(), id()]),
        send(bo.device, stream, [id(), id()]),
        send(bo.device, stream, [id()]),
        send(bo.device, other, [id()]),
      ]);
      expect(
        answers.map((answer) =>
          answer.ok ? answer.value.results.map((each) => each.ok && each.seq) : answer.error.code,
        ),
      ).toEqual([[1, 2, 3], 'rate-limited', [4], [1]]);
    });

    test('are not kept waiting by a stream that somebody holds', async () => {
      const { store, ana, streams, send } = await world();
      const [held, free] = streams;
      const [isHeld, mayGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const holding = store.write(async (tables) => {
        await tables.streams.lockStream(held);
        isHeld.resolve();
        await mayGo.promise;
      });
      await isHeld.promise;
      const waiting = send(ana.device, held, [id()]);
      const quick = send(ana.device, free, [id()]);
      // The embedded store has one writer, who is held here with the stream.
      if (!isShared) mayGo.resolve();
      expect(await quick).toMatchObject({ ok: true });
      mayGo.resolve();
      await holding;
      expect(await waiting).toMatchObject({ ok: true });
    });
  },
);
