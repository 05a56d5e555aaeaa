import { describe, expect, test } from 'vitest';
import type { DeviceId, StreamId } from '../../../../src/lib/core/ids.ts';
import type { Engine } from './engine.ts';
import { bytes, entryOf, headOf, newId, newPerson, newStream } from '../people.ts';

export function streamsConform({ open, shared }: Engine): void {
  describe('streams', () => {
    test('give a stream back as it was stored', async () => {
      const store = await open();
      const stream = newId<StreamId>();
      const row = { kind: 'mailbox', head: 3, epoch: 2, fence: 1 } as const;
      await store.write(({ streams }) => streams.insertStream(stream, row, 9));
      expect(await store.read(({ streams }) => streams.lockStream(stream))).toEqual(row);
      expect(await store.write(({ streams }) => streams.lockStream(stream))).toEqual(row);
      expect(await store.read(({ streams }) => streams.lockStream(newId<StreamId>()))).toBeUndefined();
    });

    test('end an epoch once, whoever tries, and move the fence when asked', async () => {
      const views = await shared(4);
      const [store] = views;
      if (store === undefined) throw new Error('no store');
      const stream = await newStream(store);
      const tries = await Promise.all(
        Array.from({ length: 16 }, (_, i) =>
          (views[i % 4] ?? store).write(({ streams }) => streams.endEpoch(stream, 1, false)),
        ),
      );
      expect(tries.filter((head) => head !== undefined)).toEqual([1]);
      expect(await store.write(({ streams }) => streams.endEpoch(stream, 2, true))).toBe(2);
      expect(await store.read(({ streams }) => streams.lockStream(stream))).toEqual({
        kind: 'group',
        head: 2,
        epoch: 3,
        fence: 3,
      });
    });

    test('give entries back as they were stored, by number and by id', async () => {
      const store = await open();
      const { device } = await newPerson(store);
      const [stream, other] = [await newStream(store), await newStream(store)];
      const rows = [
        entryOf(device, 1, { kind: 'commit', epoch: 0, at: 1_800_000_000_000, payload: new Uint8Array() }),
        entryOf(device, 2, { payload: bytes(100_000) }),
        entryOf(device, 3, { kind: 'welcome', epoch: 2 ** 40 }),
      ];
      await store.write(({ streams }) => streams.insertEntries(stream, rows));
      const all = { entries: 10, bytes: 1e6, firstBytes: 1e6 };
      const read = (of: StreamId) =>
        store.read(({ streams }) => streams.entriesBetween(of, { after: 0, last: 9 }, all));
      expect(await read(stream)).toEqual(rows);
      expect(await read(other)).toEqual([]);
      const ids = rows.map(({ id }) => id);
      const found = await store.read(({ streams }) => streams.findEntries(stream, [...ids, newId()]));
      expect(found).toEqual(new Map(rows.map(({ id, seq, kind, sender }) => [id, { seq, kind, sender }])));
      expect((await store.read(({ streams }) => streams.findEntries(other, ids))).size).toBe(0);
    });

    test('read no more entries and no more bytes than were asked for', async () => {
      const store = await open();
      const { device } = await newPerson(store);
      const stream = await newStream(store);
      const sizes = [50, 10, 10, 30];
      await store.write(({ streams }) =>
        streams.insertEntries(
          stream,
          sizes.map((size, i) => entryOf(device, i + 1, { payload: bytes(size) })),
        ),
      );
      const read = async (after: number, last: number, entries: number, most: number, firstBytes: number) => {
        const rows = await store.read(({ streams }) =>
          streams.entriesBetween(stream, { after, last }, { entries, bytes: most, firstBytes }),
        );
        return rows.map(({ seq }) => seq);
      };
      expect(await read(0, 4, 9, 100, 0)).toEqual([1, 2, 3, 4]);
      expect(await read(1, 3, 9, 100, 0)).toEqual([2, 3]);
      expect(await read(0, 4, 2, 100, 0)).toEqual([1, 2]);
      expect(await read(0, 4, 9, 69, 0)).toEqual([1, 2]);
      expect(await read(0, 4, 9, 70, 0)).toEqual([1, 2, 3]);
      // The first may be larger, and then it is alone.
      expect(await read(0, 4, 9, 20, 50)).toEqual([1]);
      expect(await read(0, 4, 9, 20, 49)).toEqual([]);
      expect(await read(4, 4, 9, 100, 100)).toEqual([]);
    });

    test('know who reads what, through removals and returns', async () => {
      const store = await open();
      const people = [await newPerson(store), await newPerson(store), await newPerson(store)];
      const [ana, ben, caro] = people.map(({ device }) => device) as [DeviceId, DeviceId, DeviceId];
      const stream = await newStream(store, ana, ben);
      await store.write(async ({ streams }) => {
        await streams.moveHead(stream, 10);
        await streams.closeMembers(stream, [ben, caro], 4);
        await streams.openMembers(stream, [ben, caro], 6);
        await streams.closeMembers(stream, [caro], 8);
        await streams.openMembers(stream, [], 9);
        await streams.closeMembers(stream, [], 9);
      });
      const member = (device: DeviceId) => store.read(({ streams }) => streams.findMember(stream, device));
      expect(await member(ana)).toEqual({ device: ana, since: 0, until: undefined });
      expect(await member(ben)).toEqual({ device: ben, since: 6, until: undefined });
      expect(await member(caro)).toEqual({ device: caro, since: 6, until: 8 });
      expect(await member(newId<DeviceId>())).toBeUndefined();
      const readers = async (after: number) =>
        (await store.read(({ streams }) => streams.readersOf(stream, after)))
          .map(({ device, since }) => `${people.findIndex((person) => person.device === device)}@${since}`)
          .toSorted();
      expect(await readers(3)).toEqual(['0@0', '1@0', '1@6', '2@6']);
      expect(await readers(4)).toEqual(['0@0', '1@6', '2@6']);
      expect(await readers(8)).toEqual(['0@0', '1@6']);
    });

    test('list what a device may read anything of, each stay in order', async () => {
      const store = await open();
      const [{ device: ana }, { device: ben }] = [await newPerson(store), await newPerson(store)];
      const [quiet, busy, left] = [
        await newStream(store, ana, ben),
        await newStream(store, ana, ben),
        await newStream(store, ana, ben),
      ];
      await store.write(async ({ streams }) => {
        await streams.moveHead(busy, 5);
        await streams.moveHead(left, 9);
        await streams.closeMembers(left, [ana], 3);
        await streams.openMembers(left, [ana], 7);
      });
      const rows = await store.read(({ streams }) => streams.readableStreams(ana));
      expect(rows).toEqual(
        [
          { stream: busy, since: 0, last: 5, trimmed: 0, passed: 0 },
          { stream: left, since: 0, last: 3, trimmed: 0, passed: 0 },
          { stream: left, since: 7, last: 9, trimmed: 0, passed: 0 },
        ].toSorted((a, b) => Buffer.compare(Buffer.from(a.stream, 'base64url'), Buffer.from(b.stream, 'base64url'))),
      );
      expect(rows.some(({ stream }) => stream === quiet)).toBe(false);
    });

    test('keep the newest info', async () => {
      const store = await open();
      const stream = await newStream(store);
      const find = () => store.read(({ streams }) => streams.findInfo(stream));
      const replace = (info: Uint8Array<ArrayBuffer> | undefined) =>
        store.write(({ streams }) => streams.replaceInfo(stream, info));
      expect(await find()).toBeUndefined();
      const [first, second] = [bytes(9), bytes(50_000)];
      await replace(first);
      await replace(second);
      expect(await find()).toEqual(second);
      await replace(undefined);
      expect(await find()).toBeUndefined();
      expect(await headOf(store, stream)).toBe(0);
    });
  });
}
