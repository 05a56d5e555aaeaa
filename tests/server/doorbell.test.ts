import { describe, expect, test, vi } from 'vitest';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { SESSION_MS } from '../../src/lib/protocol/limits.ts';
import { createLocalBus } from '../../src/lib/server/bus/local.ts';
import type { Bus } from '../../src/lib/server/bus/port.ts';
import { relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

/** What a device hears from now on. */
async function ear(world: RelayWorld, device: TestDevice) {
  const heard: [string, number][] = [];
  const ended = vi.fn();
  const listening = await world.relay.listen(device.token ?? new Uint8Array(32), {
    ring: ({ stream, head }) => heard.push([stream, head]),
    ended,
  });
  if (!listening.ok) throw new Error(listening.error.code);
  return { heard, ended, stop: listening.value };
}

async function groupOfTwo(bus: Bus = createLocalBus()) {
  const world = await relayWorld({ bus });
  const [ana, bo] = [await world.device(), await world.device()];
  const stream = idFromBytes<StreamId>(world.random.bytes(16));
  value(await ana.commit(stream, 0, { members: [ana.id, bo.id] }));
  const say = async (epoch = 1) =>
    value(await ana.append(stream, [{ id: idFromBytes<string>(world.random.bytes(16)), epoch }]));
  return { world, bus, ana, bo, stream, say };
}

describe('the doorbell', () => {
  test('rings the members of a stream that grew, and nobody else', async () => {
    const { world, ana, bo, stream, say } = await groupOfTwo();
    const eve = await world.device();
    const [anas, bos, eves] = [await ear(world, ana), await ear(world, bo), await ear(world, eve)];
    await say();
    await vi.waitFor(() => expect(bos.heard).toEqual([[stream, 2]]));
    expect(anas.heard).toEqual([[stream, 2]]);
    expect(eves.heard).toEqual([]);
  });

  test('is silent for a retry, and after the listener left', async () => {
    const { world, ana, bo, stream, say } = await groupOfTwo();
    const [bos, gone] = [await ear(world, bo), await ear(world, bo)];
    const entry = { id: ana.id, epoch: 1 };
    value(await ana.append(stream, [entry]));
    await vi.waitFor(() => expect(bos.heard).toHaveLength(1));
    gone.stop();
    value(await ana.append(stream, [entry]));
    await say();
    await vi.waitFor(() => expect(bos.heard.at(-1)).toEqual([stream, 3]));
    expect(bos.heard).toEqual([
      [stream, 2],
      [stream, 3],
    ]);
    expect(gone.heard).toEqual([[stream, 2]]);
  });

  test('tells a new device of its welcome, and a removed one of its removal and nothing after', async () => {
    const { world, ana, bo, stream, say } = await groupOfTwo();
    const cleo = await world.device();
    const [bos, cleos] = [await ear(world, bo), await ear(world, cleo)];
    const welcomes = [{ id: ana.id, device: cleo.id, payload: new Uint8Array([1]) }];
    value(await ana.commit(stream, 1, { members: [ana.id, cleo.id], fence: true, welcomes }));
    await vi.waitFor(() => expect(cleos.heard).toEqual([[cleo.mailbox, 1]]));
    await vi.waitFor(() => expect(bos.heard).toEqual([[stream, 2]]));
    await say(2);
    await vi.waitFor(() => expect(cleos.heard.at(-1)).toEqual([stream, 3]));
    expect(bos.heard).toEqual([[stream, 2]]);
  });

  test('melts rings into one, but never tells a removed device of what came after its removal', async () => {
    const { world, bus, ana, bo, stream, say } = await groupOfTwo();
    await say(1);
    value(await ana.commit(stream, 1, { members: [ana.id], fence: true }));
    await say(2);
    const [anas, bos] = [await ear(world, ana), await ear(world, bo)];
    for (const head of [2, 3, 4]) bus.ring({ stream, head });
    await vi.waitFor(() =>
      expect(anas.heard).toEqual([
        [stream, 2],
        [stream, 4],
      ]),
    );
    expect(bos.heard).toEqual([
      [stream, 2],
      [stream, 3],
    ]);
  });

  test('tells a removed device nothing, also where the bell of its removal was lost', async () => {
    const wire = createLocalBus();
    let isCut = false;
    const bus: Bus = { ...wire, ring: (ring, fresh) => (isCut ? undefined : wire.ring(ring, fresh)) };
    const { world, ana, bo, stream, say } = await groupOfTwo(bus);
    const [anas, bos] = [await ear(world, ana), await ear(world, bo)];
    // The second finds the readers known.
    for (const head of [2, 3]) {
      await say();
      await vi.waitFor(() => expect(bos.heard.at(-1)).toEqual([stream, head]));
    }
    isCut = true;
    value(await ana.commit(stream, 1, { members: [ana.id], fence: true }));
    isCut = false;
    await say(2);
    await vi.waitFor(() => expect(anas.heard.at(-1)).toEqual([stream, 5]));
    expect(bos.heard).toHaveLength(2);
  });

  test('ends with the session, and at once when the device is revoked', async () => {
    const { world, ana, bo } = await groupOfTwo();
    const [anas, bos] = [await ear(world, ana), await ear(world, bo)];
    await world.relay.revokeDevice(bo.id);
    expect(bos.ended).toHaveBeenCalledTimes(1);
    expect(anas.ended).not.toHaveBeenCalled();
    world.clock.advance(SESSION_MS);
    expect(anas.ended).toHaveBeenCalledTimes(1);
    expect(bos.ended).toHaveBeenCalledTimes(1);
    const again = await world.relay.listen(ana.token ?? new Uint8Array(32), {
      ring: () => undefined,
      ended: () => undefined,
    });
    expect(again).toMatchObject({ ok: false, error: { code: 'unauthorized' } });
  });
});
