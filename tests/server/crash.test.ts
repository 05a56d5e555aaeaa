import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { kill, newFolder, overHttp, startRelay } from './processes.ts';
import { countedRandom, newAccount, newDevice, value } from './relayWorld.ts';
import { sentEntries } from './sentEntries.ts';
import { databaseUrl, emptyDatabase } from './services.ts';

/** How often a relay is killed: 20 times with `npm run kill-test`. */
const KILLS = process.env['npm_lifecycle_event'] === 'kill-test' ? 20 : 3;

const engines = [
  { name: 'the embedded store', isThere: true, place: async () => ({ DATA_DIR: newFolder() }) },
  {
    name: 'PostgreSQL',
    isThere: databaseUrl !== undefined,
    place: async () => ({ DATA_DIR: newFolder(), DATABASE_URL: await emptyDatabase() }),
  },
] as const;

/** Devices that talk to whatever port there is now, in one group. */
async function group(portOf: (device: number) => number, people = 4) {
  const random = countedRandom(3);
  const devices = Array.from({ length: people }, (_, i) =>
    newDevice(
      overHttp(() => portOf(i)),
      newAccount(),
      random,
    ),
  );
  for (const device of devices) {
    value(await device.register());
    value(await device.login());
  }
  const stream = idFromBytes<StreamId>(random.bytes(16));
  const [maker] = devices;
  if (maker === undefined) throw new Error('no device');
  value(await maker.commit(stream, 0, { members: devices.map(({ id }) => id) }));
  return { devices, maker, stream, sent: sentEntries(stream, random) };
}

describe.each(engines)('a relay with $name', ({ isThere, place }) => {
  test.skipIf(!isThere)(
    `keeps every acknowledged entry through ${KILLS} times kill -9`,
    async () => {
      const env = await place();
      let relay = await startRelay(env);
      const { devices, maker, sent } = await group(() => relay.port);
      for (let round = 0; round < KILLS; round++) {
        let left = 60;
        const writers = devices.map(async (by) => {
          for (;;) {
            try {
              await sent.send(by, 3);
            } catch (thrown) {
              // The kill is what ends a writer, and nothing else is.
              if (thrown instanceof TypeError) return;
              throw thrown;
            }
            left -= 3;
            // In the middle of what the others are sending.
            if (left === 0) relay.child.kill('SIGKILL');
          }
        });
        await Promise.all(writers);
        await kill(relay.child);
        relay = await startRelay(env);
        await sent.check(maker);
        await sent.sendAgain();
      }
      await sent.check(maker);
      expect(sent.size).toBeGreaterThan(60 * KILLS);
    },
    300_000,
  );

  test.skipIf(!isThere)('shares it with a second process, and numbers stay dense', async () => {
    const env = await place();
    const relays = [await startRelay(env), await startRelay(env)];
    const { devices, maker, sent } = await group((device) => relays[device % 2]?.port ?? 0);
    await Promise.all(
      devices.map(async (by) => {
        for (let i = 0; i < 15; i++) await sent.send(by, 3);
      }),
    );
    await sent.check(maker);
    expect(sent.size).toBe(4 * 15 * 3);
  });
});

describe('a restart on SIGTERM, while clients send', () => {
  test.each(engines.filter(({ isThere }) => isThere))(
    'with $name, loses nothing and refuses nothing',
    async ({ place }) => {
      const env = await place();
      let relay = await startRelay(env);
      const { devices, maker, sent } = await group(() => relay.port);
      let [isOver, restarts, broken] = [false, 0, 0];
      const writers = devices.map(async (by) => {
        while (!isOver) {
          const from = relay;
          try {
            await sent.send(by, 2);
          } catch (thrown) {
            // Nobody there: only while one relay has gone and the next is not there yet.
            if (!(thrown instanceof TypeError)) throw thrown;
            broken += 1;
            await vi.waitFor(() => expect(relay).not.toBe(from), { timeout: 60_000, interval: 20 });
          }
        }
      });
      const more = async () => {
        const before = sent.size;
        await vi.waitFor(() => expect(sent.size).toBeGreaterThan(before + 40), { timeout: 60_000, interval: 5 });
      };
      for (; restarts < 3; restarts++) {
        await more();
        const exit = once(relay.child, 'exit');
        relay.child.kill('SIGTERM');
        expect(await exit).toEqual([0, null]);
        relay = await startRelay(env);
      }
      await more();
      isOver = true;
      await Promise.all(writers);
      await sent.sendAgain();
      await sent.check(maker);
      // Each of them met each restart once at most.
      expect(broken).toBeLessThanOrEqual(restarts * devices.length);
    },
    300_000,
  );
});

describe('the relay process', () => {
  test('ends on SIGTERM within seconds, with a socket open', async () => {
    const { child, port } = await startRelay({ DATA_DIR: newFolder() });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/socket`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const begun = performance.now();
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect((await closed)[0]).toBe(1001);
  });
});
