import { describe, expect, test } from 'vitest';
import type { DeviceId, StreamId } from '../../../../src/lib/core/ids.ts';
import type { Store } from '../../../../src/lib/server/store/port.ts';
import type { Engine } from './engine.ts';
import { bytes, entryOf, headOf, newId, newPerson, newStream } from '../people.ts';

export function retentionConforms({ open }: Engine): void {
  describe('retention', () => {
    test('finds the streams whose oldest entry is old enough, page by page', async () => {
      const store = await open();
      const { device } = await newPerson(store);
      const streams = [await filled(store, device, 10, 20), await filled(store, device, 11), await newStream(store)];
      await store.write(({ retention }) => retention.trim(streams[0] ?? newId<StreamId>(), 1));
      const due = async (before: number, most: number) => {
        const found: StreamId[] = [];
        for (let next: StreamId | undefined, more = true; more;) {
          const from = next;
          const page = await store.read(({ retention }) => retention.dueStreams(from, before, most));
          found.push(...page.due);
          next = page.next;
          more = next !== undefined;
        }
        return found.filter((stream) => streams.includes(stream)).map((stream) => streams.indexOf(stream));
      };
      for (const most of [1, 2, 1_000]) {
        expect(await due(10, most)).toEqual([]);
        expect(await due(19, most)).toEqual([1]);
        expect((await due(20, most)).toSorted()).toEqual([0, 1]);
      }
    });

    test('knows what all have passed who can read on', async () => {
      const store = await open();
      const [ana, ben, caro] = [
        (await newPerson(store)).device,
        (await newPerson(store)).device,
        (await newPerson(store)).device,
      ];
      const stream = await newStream(store, ana, ben);
      const passed = () => store.read(({ retention }) => retention.passedByAll(stream));
      const reads = (device: DeviceId, seq: number) =>
        store.write(({ retention }) => retention.keepPassed(stream, new Map([[device, seq]])));
      await store.write(async ({ streams }) => {
        await streams.moveHead(stream, 10);
        await streams.openMembers(stream, [caro], 3);
      });
      expect(await passed()).toBe(0);
      await store.write(({ retention }) =>
        retention.keepPassed(
          stream,
          new Map([
            [ana, 9],
            [ben, 4],
            [newId<DeviceId>(), 1],
          ]),
        ),
      );
      expect(await passed()).toBe(3);
      await reads(caro, 7);
      await reads(caro, 5);
      expect(await passed()).toBe(4);
      // Who was removed reads up to that, and then counts no more.
      await store.write(({ streams }) => streams.closeMembers(stream, [ben], 6));
      expect(await passed()).toBe(4);
      await reads(ben, 6);
      expect(await passed()).toBe(7);
      const rows = await store.read(({ streams }) => streams.readableStreams(caro));
      expect(rows).toEqual([{ stream, since: 3, last: 10, trimmed: 0, passed: 7 }]);
      await store.write(({ accounts }) => accounts.revokeDevice(caro));
      expect(await passed()).toBe(9);
      await store.write(({ accounts }) => accounts.revokeDevice(ana));
      expect(await passed()).toBeUndefined();
    });

    test('removes from the beginning, and the numbers go on', async () => {
      const store = await open();
      const { device } = await newPerson(store);
      const [stream, other] = [await filled(store, device, 1, 2, 3, 4), await filled(store, device, 1)];
      await store.write(({ streams }) => streams.openMembers(stream, [device], 0));
      const oldest = (most: number) => store.read(({ retention }) => retention.oldestEntries(stream, most));
      expect(await oldest(2)).toEqual([
        { seq: 1, at: 1, size: 8 },
        { seq: 2, at: 2, size: 8 },
      ]);
      await store.write(({ retention }) => retention.trim(stream, 3));
      expect(await oldest(9)).toEqual([{ seq: 4, at: 4, size: 8 }]);
      await store.write(({ retention }) => retention.trim(stream, 2));
      const rows = await store.read(({ streams }) => streams.readableStreams(device));
      expect(rows).toEqual([{ stream, since: 0, last: 4, trimmed: 3, passed: 0 }]);
      expect(await headOf(store, stream)).toBe(4);
      expect(await store.write(({ streams }) => streams.moveHead(stream, 1))).toBe(5);
      expect(await store.read(({ retention }) => retention.oldestEntries(other, 9))).toHaveLength(1);
    });

    test('counts only what is there', async () => {
      const store = await open();
      const { device } = await newPerson(store);
      const count = async () => (await store.read(({ statistics }) => statistics.countAll())).entries;
      const before = await count();
      const stream = await filled(store, device, 1, 2, 3);
      await store.write(({ retention }) => retention.trim(stream, 2));
      expect(await count()).toBe(before + 1);
    });

    test('counts what devices have not fetched, each for itself, and what the store takes', async () => {
      const store = await open();
      const [ana, ben] = [(await newPerson(store)).device, (await newPerson(store)).device];
      const unread = () => store.read(({ statistics }) => statistics.countUnread());
      const before = await unread();
      const stream = await newStream(store, ana, ben);
      await store.write(async ({ streams, retention }) => {
        await streams.moveHead(stream, 10);
        await streams.closeMembers(stream, [ben], 6);
        await retention.keepPassed(stream, new Map([[ana, 7]]));
      });
      expect(await unread()).toBe(before + 3 + 6);
      expect((await store.read(({ statistics }) => statistics.countAll())).store_bytes).toBeGreaterThan(10_000);
    });
  });
}

/** A stream with an entry of each of these times. */
async function filled(store: Store, sender: DeviceId, ...times: readonly number[]): Promise<StreamId> {
  const stream = await newStream(store);
  const rows = times.map((at, i) => entryOf(sender, i + 1, { at, payload: bytes(8) }));
  await store.write(async ({ streams }) => {
    await streams.insertEntries(stream, rows);
    await streams.moveHead(stream, rows.length);
  });
  return stream;
}
