import { describe, expect, test } from 'vitest';
import { refuse, settle } from '../../../../src/lib/core/result.ts';
import type { StreamId } from '../../../../src/lib/core/ids.ts';
import { relayFault } from '../../../../src/lib/protocol/errors.ts';
import type { Tables } from '../../../../src/lib/server/store/port.ts';
import type { Engine } from './engine.ts';
import { entryOf, headOf, newId, newPerson, newStream } from '../people.ts';

const grow =
  (stream: StreamId) =>
  ({ streams }: Tables) =>
    streams.moveHead(stream, 1);

export function transactionsConform({ open, shared }: Engine): void {
  describe('transactions', () => {
    test('give each of many concurrent writes its own answer', async () => {
      const store = await open();
      const stream = await newStream(store);
      const heads = await Promise.all(Array.from({ length: 1_000 }, () => store.write(grow(stream))));
      expect(heads.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
      expect(await headOf(store, stream)).toBe(1_000);
    });

    test('undo a refused write whole, and none of those around it', async () => {
      const store = await open();
      const stream = await newStream(store);
      const refused = async (tables: Tables) => {
        await grow(stream)(tables);
        await grow(stream)(tables);
        refuse(relayFault('epoch-taken'));
      };
      const outcomes = await Promise.all([
        settle(store.write(grow(stream))),
        settle(store.write(refused)),
        settle(store.write(grow(stream))),
      ]);
      expect(outcomes).toMatchObject([{ ok: true }, { error: { code: 'epoch-taken' } }, { ok: true }]);
      expect(await headOf(store, stream)).toBe(2);
    });

    test('hand a bug to the one who made it, and go on', async () => {
      const store = await open();
      const stream = await newStream(store);
      const bug = store.write(async (tables) => {
        await grow(stream)(tables);
        throw new RangeError('bug');
      });
      const next = store.write(grow(stream));
      await expect(bug).rejects.toThrow(RangeError);
      await next;
      expect(await headOf(store, stream)).toBe(1);
    });

    test('show every write that was answered to the reads after it, of whichever relay', async () => {
      const [one, other] = await shared(2);
      if (one === undefined || other === undefined) throw new Error('no store');
      const stream = await newStream(one);
      for (let head = 1; head <= 20; head++) {
        await one.write(grow(stream));
        expect(await headOf(one, stream)).toBe(head);
        expect(await headOf(other, stream)).toBe(head);
      }
    });

    test('show a read one state, whatever is written meanwhile', async () => {
      const store = await open();
      const stream = await newStream(store);
      const writing = Promise.all(Array.from({ length: 50 }, () => store.write(grow(stream))));
      for (let i = 0; i < 20; i++) {
        const seen = await store.read(async ({ streams }) => {
          const first = (await streams.lockStream(stream))?.head;
          await streams.findInfo(stream);
          return [first, (await streams.lockStream(stream))?.head];
        });
        expect(seen[0]).toBe(seen[1]);
      }
      await writing;
    });

    test('hold a stream for one write at a time', async () => {
      const [one, other] = await shared(2);
      if (one === undefined || other === undefined) throw new Error('no store');
      const stream = await newStream(one);
      // Read, then write what was read plus one: without the lock some of them would be lost.
      const readAndWrite = async ({ streams }: Tables) => {
        const row = await streams.lockStream(stream);
        await streams.findInfo(stream);
        await streams.moveHead(stream, (row?.head ?? 0) + 1 - (row?.head ?? 0));
        return row?.head;
      };
      const seen = await Promise.all(
        Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : other).write(readAndWrite)),
      );
      expect(new Set(seen).size).toBe(40);
    });

    test('get through when two writes hold streams in opposite orders', async () => {
      const store = await open();
      const [a, b] = [await newStream(store), await newStream(store)];
      const both =
        (first: StreamId, second: StreamId) =>
        async ({ streams }: Tables) => {
          await streams.lockStream(first);
          await streams.lockStream(second);
          await streams.moveHead(first, 1);
        };
      await Promise.all([store.write(both(a, b)), store.write(both(b, a))]);
      expect([await headOf(store, a), await headOf(store, b)]).toEqual([1, 1]);
    });

    test('let the second of two that make the same stream see the first', async () => {
      const [one, other] = await shared(2);
      if (one === undefined || other === undefined) throw new Error('no store');
      const stream = newId<StreamId>();
      const make = async ({ streams }: Tables) => {
        if ((await streams.lockStream(stream)) !== undefined) return 'second';
        await streams.insertStream(stream, { kind: 'group', head: 0, epoch: 1, fence: 0 }, 1);
        return 'first';
      };
      expect((await Promise.all([one.write(make), other.write(make)])).toSorted()).toEqual(['first', 'second']);
    });

    test('finish what was begun before the store closes, and what comes later is refused', async () => {
      const [store, witness] = await shared(2);
      if (store === undefined || witness === undefined) throw new Error('no store');
      const stream = await newStream(store);
      const grown = store.write(grow(stream));
      await store.close();
      expect(await grown).toBe(1);
      expect(await settle(store.write(grow(stream)))).toMatchObject({ ok: false, error: { code: 'unavailable' } });
      expect(await settle(headOf(store, stream))).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    });

    test('take no second entry with a number or an id that is taken, and none with the number 0', async () => {
      const store = await open();
      const { device } = await newPerson(store);
      const stream = await newStream(store);
      const [one, two] = [newId(), newId()];
      const insert = (seq: number, id: string) =>
        store.write(({ streams }) => streams.insertEntries(stream, [entryOf(device, seq, { id })]));
      await insert(1, one);
      await expect(insert(1, two)).rejects.toThrow(/unique/i);
      await expect(insert(2, one)).rejects.toThrow(/unique/i);
      await expect(insert(0, two)).rejects.toThrow(/check/i);
      await insert(2, two);
    });
  });
}
