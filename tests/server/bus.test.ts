import { connect } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { idFromBytes, type DeviceId, type StreamId } from '../../src/lib/core/ids.ts';
import { silent } from '../../src/lib/core/ports.ts';
import { createLocalBus } from '../../src/lib/server/bus/local.ts';
import { createNatsBus } from '../../src/lib/server/bus/nats.ts';
import type { Bus, Ring, Signal } from '../../src/lib/server/bus/port.ts';
import { RING_SWEEP_MS } from '../../src/lib/server/doorbell.ts';
import { createRelay } from '../../src/lib/server/relay.ts';
import { countedRandom, newAccount, newDevice, ORIGIN, testClock, value, type TestDevice } from './relayWorld.ts';
import { databaseUrl, emptyDatabase, natsUrl } from './services.ts';

const random = countedRandom(11);
const newId = <Id extends string = string>() => idFromBytes<Id>(random.bytes(16));

describe.skipIf(natsUrl === undefined)('the NATS bus', () => {
  function join() {
    const bus = createNatsBus({ url: natsUrl ?? '', logger: silent });
    onTestFinished(() => bus.close());
    const heard: Ring[] = [];
    bus.subscribe((ring) => heard.push(ring));
    return { bus, heard };
  }

  test('carries rings to the other instances, and to its own listeners at once and once', async () => {
    const [here, there] = [join(), join()];
    const stream = newId<StreamId>();
    // Nobody hears what was said before they came.
    await vi.waitFor(() => {
      here.bus.ring({ stream, head: 1 });
      expect(there.heard).toContainEqual({ stream, head: 1 });
    });
    here.heard.length = 0;
    const last = { stream, head: Number.MAX_SAFE_INTEGER };
    here.bus.ring(last);
    expect(here.heard).toEqual([last]);
    await vi.waitFor(() => expect(there.heard.at(-1)).toEqual(last));
    there.bus.ring({ stream, head: 3 });
    await vi.waitFor(() => expect(here.heard.at(-1)).toEqual({ stream, head: 3 }));
    expect(here.heard).toHaveLength(2);
  });

  test('passes over what is no ring', async () => {
    const { bus, heard } = join();
    const other = await connect({ servers: natsUrl ?? '' });
    onTestFinished(() => other.close());
    const stream = newId<StreamId>();
    const speaker = join();
    await vi.waitFor(() => {
      speaker.bus.ring({ stream, head: 1 });
      expect(heard).not.toEqual([]);
    });
    for (const junk of [0, 1, 23, 25, 1_000]) other.publish('cairn.rings', new Uint8Array(junk));
    other.publish('cairn.rings', new Uint8Array(24).fill(255));
    await other.flush();
    const before = new Set(heard.map(({ head }) => head));
    speaker.bus.ring({ stream, head: 2 });
    await vi.waitFor(() => expect(heard.at(-1)).toEqual({ stream, head: 2 }));
    expect(before).toEqual(new Set([1]));
    expect(bus.mayLose).toBe(true);
  });

  test('carries dismissals to all, and passes over what is none', async () => {
    const [here, there] = [join(), join()];
    const heard: DeviceId[][] = [];
    there.bus.onDismissal((devices) => heard.push([...devices]));
    const own = vi.fn();
    here.bus.onDismissal(own);
    const devices = [newId<DeviceId>(), newId<DeviceId>()];
    await vi.waitFor(() => {
      here.bus.dismiss(devices);
      expect(heard).toContainEqual(devices);
    });
    expect(own).toHaveBeenCalledWith(devices);
    const other = await connect({ servers: natsUrl ?? '' });
    onTestFinished(() => other.close());
    for (const junk of [0, 1, 15, 17]) other.publish('cairn.dismissals', new Uint8Array(junk));
    await other.flush();
    const many = Array.from({ length: 2_500 }, () => newId<DeviceId>());
    heard.length = 0;
    here.bus.dismiss(many);
    await vi.waitFor(() => expect(heard.flat()).toEqual(many));
  });

  test('carries signals to all, and passes over what is none', async () => {
    const [here, there] = [join(), join()];
    const heard: Signal[] = [];
    there.bus.onSignal((signal) => heard.push(signal));
    const own = vi.fn();
    here.bus.onSignal(own);
    const said: Signal = { stream: newId(), epoch: 3, sender: newId(), payload: random.bytes(64) };
    await vi.waitFor(() => {
      here.bus.signal(said);
      expect(heard).toContainEqual(said);
    });
    expect(own).toHaveBeenCalledWith(said);
    const other = await connect({ servers: natsUrl ?? '' });
    onTestFinished(() => other.close());
    for (const junk of [0, 103, 105]) other.publish('cairn.signals', new Uint8Array(junk));
    other.publish('cairn.signals', new Uint8Array(104).fill(255));
    await other.flush();
    heard.length = 0;
    const last = { ...said, epoch: 4 };
    here.bus.signal(last);
    await vi.waitFor(() => expect(heard).toEqual([last]));
  });

  test('rings its own listeners while there is no server', async () => {
    const bus = createNatsBus({ url: 'nats://127.0.0.1:1', logger: silent });
    const heard: Ring[] = [];
    bus.subscribe((ring) => heard.push(ring));
    const ring = { stream: newId<StreamId>(), head: 1 };
    bus.ring(ring);
    expect(heard).toEqual([ring]);
    await bus.close();
  });
});

/** Carries rings as badly as it may: some not at all, some twice, some late and out of order. */
function unreliable(bus: Bus, chance: () => number) {
  const late: Ring[] = [];
  let isCut = false;
  return {
    bus: {
      mayLose: true,
      subscribe: bus.subscribe,
      dismiss: bus.dismiss,
      onDismissal: bus.onDismissal,
      signal: bus.signal,
      onSignal: bus.onSignal,
      ring: (ring) => {
        const fate = chance();
        if (isCut || fate < 0.5) return;
        if (fate < 0.7) late.unshift(ring);
        else bus.ring(ring);
        if (fate > 0.9) bus.ring(ring);
      },
    } satisfies Bus,
    cut: () => (isCut = true),
    deliverLate: () => late.splice(0).forEach((ring) => bus.ring(ring)),
  };
}

describe.skipIf(databaseUrl === undefined)(
  'two relays on one database, with a bus that drops, delays and repeats',
  () => {
    test('leave no reader without an entry', async () => {
      const url = await emptyDatabase();
      const clock = testClock();
      const wire = createLocalBus();
      const chances = countedRandom(5);
      const { bus, deliverLate, cut } = unreliable(wire, () => (chances.bytes(1)[0] ?? 0) / 256);
      const relays = await Promise.all(
        [1, 2].map((seed) =>
          createRelay({
            dataDir: ':memory:',
            databaseUrl: url,
            bus,
            clock,
            random: countedRandom(seed),
            origin: ORIGIN,
          }),
        ),
      );
      const [here, there] = relays;
      if (here === undefined || there === undefined) throw new Error('no relay');
      onTestFinished(async () => void (await Promise.all(relays.map((relay) => relay.close()))));
      const join = async (relay: typeof here) => {
        const device = newDevice(relay, newAccount(), random);
        value(await device.register());
        value(await device.login());
        return device;
      };
      const [ana, ben, caro] = [await join(here), await join(there), await join(there)];
      const stream = newId<StreamId>();
      value(await ana.commit(stream, 0, { members: [ana.id, ben.id, caro.id] }));

      const readers = await Promise.all([ben, caro].map((device) => reader(there, device, stream)));
      const taken: number[] = [];
      for (let i = 0; i < 40; i++) {
        const answer = value(await ana.append(stream, [{ id: newId(), epoch: 1 }]));
        for (const result of answer.results) if (result.ok) taken.push(result.seq);
        if (i % 10 === 5) deliverLate();
        // Nobody is told of the last ones.
        if (i === 35) cut();
      }
      clock.advance(RING_SWEEP_MS);
      for (const { read } of readers) {
        await vi.waitFor(() => expect(read.filter((seq) => seq > 1)).toEqual(taken));
      }
    });
  },
);

/** Reads on whenever a bell says that there is more, and only then. */
async function reader(relay: Awaited<ReturnType<typeof createRelay>>, device: TestDevice, stream: StreamId) {
  const read: number[] = [];
  const cursors: Record<string, number> = {};
  let reading = Promise.resolve();
  const listening = await relay.listen(device.token ?? new Uint8Array(32), {
    ring: (ring) => {
      reading = reading.then(async () => {
        if ((cursors[ring.stream] ?? 0) >= ring.head) return;
        for (const entry of await device.catchUp(cursors)) if (entry.stream === stream) read.push(entry.seq);
      });
    },
    ended: () => undefined,
  });
  if (!listening.ok) throw new Error(listening.error.code);
  onTestFinished(listening.value);
  return { read };
}
