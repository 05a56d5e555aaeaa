import { describe, expect, test } from 'vitest';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { relayWorld, value, type RelayWorld, type TestDevice } from './relayWorld.ts';

async function newStream(world: RelayWorld, maker: TestDevice, ...others: readonly TestDevice[]): Promise<StreamId> {
  const stream = idFromBytes<StreamId>(world.random.bytes(16));
  value(await maker.commit(stream, 0, { members: [maker, ...others].map(({ id }) => id) }));
  return stream;
}

async function fill(world: RelayWorld, sender: TestDevice, stream: StreamId, count: number, size = 1): Promise<void> {
  for (let left = count; left > 0; left -= limits.appendEntries) {
    const entries = Array.from({ length: Math.min(left, limits.appendEntries) }, () => ({
      id: idFromBytes<string>(world.random.bytes(16)),
      epoch: 1,
      payload: new Uint8Array(size),
    }));
    value(await sender.append(stream, entries));
  }
}

const askOnce = async (device: TestDevice, cursors: Record<string, number> = {}) =>
  value(await device.ask(protocol.catchUp.path, protocol.catchUp, { cursors }));

describe('catch-up', () => {
  test('gives what is behind the cursors, nothing when there is nothing, and the end to who is beyond it', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const [hike, work] = [await newStream(world, ana, bo), await newStream(world, ana, bo)];
    await fill(world, ana, hike, 3);
    const cursors: Record<string, number> = {};
    expect((await bo.catchUp(cursors)).map(({ stream, seq }) => [stream, seq])).toEqual([
      [hike, 2],
      [hike, 3],
      [hike, 4],
    ]);
    expect(await askOnce(bo, cursors)).toEqual({ entries: [], more: false });
    await fill(world, ana, work, 1);
    expect((await askOnce(bo, cursors)).entries).toMatchObject([
      { stream: work, seq: 2, kind: 'record', sender: ana.id },
    ]);
    const ends = { [hike]: 4, [work]: 2 };
    expect(await askOnce(bo, { [hike]: 900, [work]: 900 })).toEqual({ entries: [], more: false, ends });
  });

  test('gives strangers nothing, whatever cursor they name', async () => {
    const world = await relayWorld();
    const [ana, eve] = [await world.device(), await world.device()];
    const stream = await newStream(world, ana);
    await fill(world, ana, stream, 2);
    expect(await askOnce(eve, { [stream]: 0, [ana.mailbox]: 0 })).toEqual({ entries: [], more: false });
  });

  test('has the mailbox first, and shares the rest among the streams', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const busy = await Promise.all([1, 2, 3].map(() => newStream(world, ana, bo)));
    for (const stream of busy) await fill(world, ana, stream, 600);
    const quiet = await newStream(world, ana, bo);
    await fill(world, ana, quiet, 1);
    const welcomes = [{ id: ana.id, device: bo.id, payload: new Uint8Array([1]) }];
    value(await ana.commit(quiet, 1, { members: [ana.id, bo.id], welcomes }));

    const { entries, more } = await askOnce(bo);
    expect(more).toBe(true);
    expect(entries).toHaveLength(limits.catchUpEntries);
    expect(entries[0]).toMatchObject({ stream: bo.mailbox, kind: 'welcome' });
    for (const stream of [...busy, quiet]) expect(entries.some((entry) => entry.stream === stream)).toBe(true);

    const all = await bo.catchUp();
    expect(all).toHaveLength(3 * 600 + 2 + 1);
    for (const stream of busy) {
      const seqs = all.filter((entry) => entry.stream === stream).map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: 600 }, (_, i) => i + 2));
    }
  });

  test('has the mailbox first, whatever its id and wherever the turn begins', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    for (let i = 0; i < 8; i++) {
      const bo = await world.device();
      for (let streams = 0; streams < 3; streams++) await fill(world, ana, await newStream(world, ana, bo), 1);
      const stream = await newStream(world, ana, bo);
      const welcomes = [{ id: ana.id, device: bo.id, payload: new Uint8Array([1]) }];
      value(await ana.commit(stream, 1, { members: [ana.id, bo.id], welcomes }));
      expect((await askOnce(bo)).entries[0]).toMatchObject({ stream: bo.mailbox });
    }
  });

  test('gives a single stream the whole answer', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    await fill(world, ana, await newStream(world, ana), 600);
    expect((await askOnce(ana)).entries).toHaveLength(limits.catchUpEntries);
  });

  test('stays within its bytes, fills them with what is small, and always moves on', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const large = await newStream(world, ana, bo);
    for (let i = 0; i < 3; i++) await fill(world, ana, large, 1, limits.entry);
    const small = await Promise.all(Array.from({ length: 40 }, () => newStream(world, ana, bo)));
    for (const stream of small) await fill(world, ana, stream, 2, 40_000);

    const cursors: Record<string, number> = {};
    const seen: protocol.Entry[] = [];
    for (let more = true; more;) {
      const answer = await askOnce(bo, cursors);
      expect(answer.entries.length).toBeGreaterThan(0);
      const bytes = answer.entries.reduce((sum, { payload }) => sum + payload.length, 0);
      expect(bytes).toBeLessThanOrEqual(Math.max(limits.catchUpBytes, answer.entries[0]?.payload.length ?? 0));
      for (const entry of answer.entries) {
        expect(entry.seq).toBe((cursors[entry.stream] ?? 1) + 1);
        cursors[entry.stream] = entry.seq;
      }
      seen.push(...answer.entries);
      more = answer.more;
    }
    expect(seen).toHaveLength(3 + 80);
  });

  test('reads as much for one new entry whether the stream is long or short', async () => {
    const world = await relayWorld();
    const ana = await world.device();
    const long = await newStream(world, ana);
    await fill(world, ana, long, 2_000);
    expect((await askOnce(ana, { [long]: 2_000 })).entries).toMatchObject([{ seq: 2_001 }]);
  });

  test('gives a device that was removed and let in again both of its stays, and not what lay between', async () => {
    const world = await relayWorld();
    const [ana, bo] = [await world.device(), await world.device()];
    const stream = await newStream(world, ana, bo);
    await fill(world, ana, stream, 2);
    value(await ana.commit(stream, 1, { members: [ana.id] }));
    await fill(world, ana, stream, 2);
    value(await ana.commit(stream, 2, { members: [ana.id, bo.id] }));
    await fill(world, ana, stream, 2);
    expect((await bo.catchUp()).map(({ seq }) => seq)).toEqual([2, 3, 4, 8, 9]);
    expect((await askOnce(bo, { [stream]: 3 })).entries.map(({ seq }) => seq)).toEqual([4]);
    expect((await askOnce(bo, { [stream]: 4 })).entries.map(({ seq }) => seq)).toEqual([8, 9]);
  });
});
