import { describe, expect, test, vi } from 'vitest';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { errorBody } from '../../src/lib/protocol/requests.ts';
import { signal } from '../../src/lib/protocol/signals.ts';
import { createLocalBus } from '../../src/lib/server/bus/local.ts';
import type { Signal } from '../../src/lib/server/bus/port.ts';
import { SIGNALS_PER_DEVICE, SIGNALS_PER_STREAM } from '../../src/lib/server/signals.ts';
import { relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

const payload = new Uint8Array(64).map((_, i) => i);

async function ear(world: RelayWorld, device: TestDevice) {
  const heard: Signal[] = [];
  const rings: unknown[] = [];
  const listening = await world.relay.listen(device.token ?? new Uint8Array(32), {
    ring: (ring) => rings.push(ring),
    signalled: (one) => heard.push(one),
    ended: () => undefined,
  });
  if (!listening.ok) throw new Error(listening.error.code);
  return { heard, rings };
}

async function say(world: RelayWorld, device: TestDevice, stream: StreamId, what: Uint8Array = payload) {
  const body = cborFromValue({ payload: what });
  const answer = await world.relay.handle({ path: signal.path(stream), token: device.token, body });
  const fault = valueFromCbor(errorBody, answer.body, 1_000);
  return answer.status === 200 ? 'ok' : fault.ok ? fault.value.code : 'no code';
}

async function group(members = 2) {
  const bus = createLocalBus();
  const world = await relayWorld({ bus });
  const devices: TestDevice[] = [];
  for (let i = 0; i < members; i++) devices.push(await world.device());
  const stream = idFromBytes<StreamId>(world.random.bytes(16));
  const [ana, bo] = devices as [TestDevice, TestDevice];
  value(await ana.commit(stream, 0, { members: devices.map(({ id }) => id) }));
  return { world, bus, devices, ana, bo, stream };
}

describe('a signal', () => {
  test('reaches the other members who listen, and nobody else; it has no number and is kept nowhere', async () => {
    const { world, ana, bo, stream } = await group();
    const eve = await world.device();
    const [anas, bos, eves] = [await ear(world, ana), await ear(world, bo), await ear(world, eve)];
    // The second finds the readers known.
    for (const times of [1, 2]) {
      expect(await say(world, ana, stream)).toBe('ok');
      await vi.waitFor(() => expect(bos.heard).toHaveLength(times));
    }
    expect(bos.heard[0]).toMatchObject({ stream, sender: ana.id, payload });
    for (const { heard } of [anas, eves]) expect(heard).toEqual([]);
    expect(bos.rings).toEqual([]);
    expect((await bo.catchUp({})).filter((entry) => entry.stream === stream)).toEqual([]);
    const late = await ear(world, bo);
    await say(world, ana, stream);
    await vi.waitFor(() => expect(late.heard).toHaveLength(1));
  });

  test('comes from members alone, and ends for whoever is removed', async () => {
    const { world, ana, bo, stream } = await group();
    const eve = await world.device();
    const bos = await ear(world, bo);
    expect(await say(world, eve, stream)).toBe('forbidden');
    expect(await say(world, ana, ana.mailbox)).toBe('forbidden');
    expect(await say(world, ana, idFromBytes<StreamId>(world.random.bytes(16)))).toBe('not-found');
    expect(await say(world, ana, stream)).toBe('ok');
    await vi.waitFor(() => expect(bos.heard).toHaveLength(1));
    value(await ana.commit(stream, 1, { members: [ana.id, eve.id], fence: true }));
    const eves = await ear(world, eve);
    expect(await say(world, bo, stream)).toBe('forbidden');
    expect(await say(world, ana, stream)).toBe('ok');
    await vi.waitFor(() => expect(eves.heard).toHaveLength(1));
    expect(bos.heard).toHaveLength(1);
  });

  test('has one length', async () => {
    const { world, ana, stream } = await group();
    for (const length of [0, 63, 65]) expect(await say(world, ana, stream, new Uint8Array(length))).toBe('bad-request');
  });

  test('is refused where one device, or all of a stream together, signal too much', async () => {
    const { world, devices, ana, stream } = await group(4);
    const answers = async (device: TestDevice, times: number) => {
      const said: string[] = [];
      for (let i = 0; i < times; i++) said.push(await say(world, device, stream));
      return { ok: said.filter((one) => one === 'ok').length, last: said.at(-1) };
    };
    const { burst } = SIGNALS_PER_DEVICE;
    expect(await answers(ana, burst + 1)).toEqual({ ok: burst, last: 'rate-limited' });
    world.clock.advance(60_000 / SIGNALS_PER_DEVICE.perMinute);
    expect(await say(world, ana, stream)).toBe('ok');
    let taken = 0;
    for (const device of devices.slice(1)) taken += (await answers(device, burst)).ok;
    // What came back to the stream in that second is little.
    const back = SIGNALS_PER_STREAM.perMinute / SIGNALS_PER_DEVICE.perMinute;
    expect(burst + 1 + taken).toBe(Math.min(SIGNALS_PER_STREAM.burst + back, burst * 4 + 1));
    expect(taken).toBeLessThan(3 * burst);
  });
});
