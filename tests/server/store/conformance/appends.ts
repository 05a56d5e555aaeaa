import { describe, expect, test } from 'vitest';
import type { StreamId } from '../../../../src/lib/core/ids.ts';
import { recordKey } from '../../../../src/lib/server/store/appendTables.ts';
import type { Engine } from './engine.ts';
import { entryOf, headOf, newId, newPerson, newStream } from '../people.ts';

export function appendsConform({ open, shared }: Engine): void {
  describe('appends to several streams', () => {
    test('are told what each stream is, who is in it, and what it has', async () => {
      const store = await open();
      const [ana, bo] = [await newPerson(store), await newPerson(store)];
      const [one, two, none] = [await newStream(store, ana.device), await newStream(store), newId<StreamId>()];
      const taken = entryOf(ana.device, 1);
      await store.write(async ({ streams, appends }) => {
        await appends.insertAll([{ stream: one, ...taken }], [{ stream: one, by: 1 }]);
        await streams.openMembers(two, [ana.device], 0);
        await streams.closeMembers(two, [ana.device], 3);
        await streams.openMembers(two, [ana.device], 5);
        await streams.openMembers(two, [bo.device], 2);
      });
      const pairs = [
        { stream: two, device: ana.device },
        { stream: one, device: bo.device },
        { stream: two, device: bo.device },
        { stream: two, device: ana.device },
        { stream: none, device: ana.device },
      ];
      const last = { device: ana.device, since: 5, until: undefined };
      const records = [
        { stream: two, id: taken.id },
        { stream: one, id: newId() },
        { stream: one, id: taken.id },
        { stream: one, id: taken.id },
      ];
      await store.write(async ({ appends }) => {
        const rows = await appends.lockFree([one, none, two]);
        expect(rows).toEqual(
          new Map([
            [one, { kind: 'group', head: 1, epoch: 1, fence: 0 }],
            [two, { kind: 'group', head: 0, epoch: 1, fence: 0 }],
          ]),
        );
        expect(await appends.findStays(pairs)).toEqual([
          last,
          undefined,
          { device: bo.device, since: 2, until: undefined },
          last,
          undefined,
        ]);
        const { seq, kind, sender } = taken;
        expect(await appends.findTaken(records)).toEqual(
          new Map([[recordKey({ stream: one, id: taken.id }), { seq, kind, sender }]]),
        );
      });
    });

    test('are stored as they are, and move each head', async () => {
      const store = await open();
      const { device } = await newPerson(store);
      const streams = [await newStream(store), await newStream(store)] as const;
      const rows = [1, 2, 3].map((seq) => entryOf(device, seq, { payload: new Uint8Array([seq, 0, 255]) }));
      await store.write(({ appends }) =>
        appends.insertAll(
          rows.map((row, i) => ({ stream: streams[i === 2 ? 1 : 0], ...row })),
          [
            { stream: streams[0], by: 2 },
            { stream: streams[1], by: 1 },
          ],
        ),
      );
      const most = { entries: 10, bytes: 1e6, firstBytes: 1e6 };
      const read = (stream: StreamId) =>
        store.read((tables) => tables.streams.entriesBetween(stream, { after: 0, last: 9 }, most));
      expect(await read(streams[0])).toEqual(rows.slice(0, 2));
      expect(await read(streams[1])).toEqual(rows.slice(2));
      expect([await headOf(store, streams[0]), await headOf(store, streams[1])]).toEqual([2, 1]);
    });

    test('wait for nobody who holds one of them', async () => {
      const [store, other] = await shared(2);
      if (store === undefined || other === undefined) throw new Error('no store');
      const [held, free] = [await newStream(store), await newStream(store)];
      const [isHeld, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const holding = other.write(async ({ streams }) => {
        await streams.lockStream(held);
        isHeld.resolve();
        await letGo.promise;
      });
      await isHeld.promise;
      // One writer at a time: this one begins when the other is done, and finds both free.
      if (store === other) letGo.resolve();
      const found = await store.write(async ({ appends }) => [...(await appends.lockFree([held, free])).keys()]);
      expect(found).toEqual(store === other ? [held, free] : [free]);
      letGo.resolve();
      await holding;
    });
  });
}
