import { describe, expect, test } from 'vitest';
import { newId, type StreamId } from '../../src/lib/core/ids.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { TRIM_MS } from '../../src/lib/server/relay.ts';
import { relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

const DAY_MS = 24 * 3600_000;

/** A group of two, in which the first has said something `count` times. */
async function said(world: RelayWorld, count: number) {
  const [ana, bo] = [await world.device(), await world.device()];
  const stream = newId<StreamId>(world.random);
  value(await ana.commit(stream, 0, { members: [ana.id, bo.id] }));
  await say(world, ana, stream, count);
  return { ana, bo, stream };
}

async function say({ random }: RelayWorld, by: TestDevice, stream: StreamId, count: number, size = 1): Promise<void> {
  for (let i = 0; i < count; i++)
    value(await by.append(stream, [{ id: newId<string>(random), epoch: 1, payload: new Uint8Array(size) }]));
}

const caughtUp = async (device: TestDevice, cursors: Record<string, number>) =>
  value(await device.ask(protocol.catchUp.path, protocol.catchUp, { cursors }));
const seqs = ({ entries }: { readonly entries: readonly protocol.Entry[] }) => entries.map(({ seq }) => seq);
const kept = async ({ relay }: RelayWorld) => (await relay.overview()).stored.entries;

/** Lets so many days pass, and the relay look for what is old; sessions end meanwhile. */
async function pass(world: RelayWorld, days: number, ...devices: readonly TestDevice[]): Promise<void> {
  world.clock.advance(days * DAY_MS);
  // One look may be under way that began before; each takes a few turns.
  for (let looks = 0; looks < 8; looks++) {
    world.clock.advance(TRIM_MS);
    await kept(world);
    await kept(world);
  }
  for (const device of devices) await device.login();
}

describe('what the relay keeps', () => {
  test('goes when all have read it and a month is over, not sooner', async () => {
    const world = await relayWorld();
    const { ana, bo, stream } = await said(world, 3);
    await caughtUp(ana, { [stream]: 4 });
    await caughtUp(bo, { [stream]: 3 });
    await pass(world, 29, ana, bo);
    expect(await kept(world)).toBe(4);
    await pass(world, 2, ana, bo);
    await expect.poll(() => kept(world)).toBe(1);

    // Nobody misses anything, and the numbers go on.
    await say(world, ana, stream, 1);
    expect(await caughtUp(bo, { [stream]: 3 })).toMatchObject({ more: false, entries: [{ seq: 4 }, { seq: 5 }] });
    expect(await caughtUp(bo, { [stream]: 5 })).toEqual({ entries: [], more: false });
    expect(await caughtUp(bo, { [stream]: 9 })).toEqual({ entries: [], more: false, ends: { [stream]: 5 } });
  });

  test('waits half a year for a device that is away, and then says what is gone and goes on', async () => {
    const world = await relayWorld();
    const { ana, bo, stream } = await said(world, 300);
    await caughtUp(ana, { [stream]: 301 });
    await caughtUp(bo, { [stream]: 10 });
    await pass(world, 170, ana);
    await expect.poll(() => kept(world)).toBe(291);
    await say(world, ana, stream, 2);
    await pass(world, 11, ana, bo);
    await expect.poll(() => kept(world)).toBe(2);
    const answer = await caughtUp(bo, { [stream]: 10 });
    expect(answer).toMatchObject({ more: false, trimmed: { [stream]: 302 } });
    expect(seqs(answer)).toEqual([302, 303]);
    // Somebody whose cursor is there, or behind what is gone, misses nothing.
    expect(seqs(await caughtUp(bo, { [stream]: 301 }))).toEqual([302, 303]);
    expect((await caughtUp(bo, { [stream]: 301 })).trimmed).toBeUndefined();
    expect(await caughtUp(bo, {})).toMatchObject({ trimmed: { [stream]: 302 } });
  });

  test('is told to whoever was removed meanwhile, once, and not as an end', async () => {
    const world = await relayWorld();
    const { ana, bo, stream } = await said(world, 5);
    value(await ana.commit(stream, 1, { members: [ana.id], fence: true }));
    value(await ana.commit(stream, 2, { members: [ana.id] }));
    await pass(world, 181, ana, bo);
    await expect.poll(() => kept(world)).toBe(0);
    expect(await caughtUp(bo, { [stream]: 2 })).toEqual({ entries: [], more: false, trimmed: { [stream]: 9 } });
    for (const cursor of [7, 8]) expect(await caughtUp(bo, { [stream]: cursor })).toEqual({ entries: [], more: false });
    expect(await caughtUp(bo, { [stream]: 9 })).toMatchObject({ ends: { [stream]: 7 } });
  });

  test('does not wait for devices that are revoked, and keeps what is in a mailbox for its device', async () => {
    const world = await relayWorld();
    const { ana, bo, stream } = await said(world, 5);
    const caro = await world.device();
    const welcomes = [{ id: newId<string>(world.random), device: caro.id, payload: new Uint8Array([1]) }];
    value(await ana.commit(stream, 1, { members: [ana.id, bo.id, caro.id], welcomes }));
    await caughtUp(ana, { [stream]: 7 });
    await caughtUp(caro, { [stream]: 7 });
    await world.relay.revokeDevice(bo.id);
    await pass(world, 31, ana);
    await expect.poll(() => kept(world)).toBe(1);
    await pass(world, 400, ana);
    expect(await kept(world)).toBe(1);
  });

  test('stays for as long as the operator says', async () => {
    const forever = await relayWorld({ retention: { readMs: Infinity, anyMs: Infinity } });
    const { ana, bo, stream } = await said(forever, 5);
    for (const device of [ana, bo]) await caughtUp(device, { [stream]: 6 });
    await pass(forever, 4_000, ana, bo);
    expect(await kept(forever)).toBe(6);

    const short = await relayWorld({ retention: { readMs: DAY_MS, anyMs: 2 * DAY_MS } });
    await said(short, 5);
    await pass(short, 2);
    await expect.poll(() => kept(short)).toBe(0);
  });

  test('goes in small steps, and those who write meanwhile wait for one of them at most', async () => {
    const world = await relayWorld();
    const { ana, bo, stream } = await said(world, 1_000);
    await say(world, ana, stream, 5, 1024 * 1024);
    for (const device of [ana, bo]) await caughtUp(device, { [stream]: 1_006 });
    await pass(world, 29, ana, bo);
    expect(await kept(world)).toBe(1_006);
    world.clock.advance(2 * DAY_MS);
    await ana.login();
    world.clock.advance(TRIM_MS - 1);
    await ana.login();
    world.clock.advance(1);
    const left: number[] = [];
    for (let i = 0; i < 3; i++) {
      await say(world, ana, stream, 1);
      left.push(await kept(world));
    }
    // Not all of it was gone when the first of them had its answer.
    expect(left[0]).toBeGreaterThan(200);
    await expect.poll(() => kept(world)).toBe(3);
  });
});
