import { describe, expect, test } from 'vitest';
import type { StreamId } from '../../../../src/lib/core/ids.ts';
import type { Store } from '../../../../src/lib/server/store/port.ts';
import type { Engine } from './engine.ts';
import { newId, newPerson, newStream, takeEntry } from '../people.ts';

const WRITERS = 16;
const EACH = 25;

export function orderConforms({ shared }: Engine): void {
  describe('order', () => {
    test('is that of the commits: readers by cursor skip nothing and see nothing twice', async () => {
      const views = await shared(4);
      const [store] = views;
      if (store === undefined) throw new Error('no store');
      const { device } = await newPerson(store);
      const stream = await newStream(store, device);
      const sent = new Map<string, number>();
      const writers = Array.from({ length: WRITERS }, async (_, i) => {
        for (let n = 0; n < EACH; n++) {
          const id = newId();
          sent.set(id, await (views[i % 4] ?? store).write(takeEntry(stream, device, id)));
        }
      });
      const readers = views.map((view) => readByCursor(view, stream, WRITERS * EACH));
      await Promise.all(writers);
      for (const read of await Promise.all(readers)) {
        expect(read.map(({ seq }) => seq)).toEqual(Array.from({ length: WRITERS * EACH }, (_, i) => i + 1));
        expect(new Map(read.map(({ id, seq }) => [id, seq]))).toEqual(
          new Map([...sent].toSorted(([, a], [, b]) => a - b)),
        );
      }
    });

    test('stays what it was for what is sent again, by several at once', async () => {
      const views = await shared(4);
      const [store] = views;
      if (store === undefined) throw new Error('no store');
      const { device } = await newPerson(store);
      const stream = await newStream(store, device);
      const ids = Array.from({ length: 10 }, () => newId());
      const rounds = await Promise.all(
        views.flatMap((view) =>
          [1, 2].map(() => Promise.all(ids.map((id) => view.write(takeEntry(stream, device, id))))),
        ),
      );
      for (const numbers of rounds) expect(numbers).toEqual(rounds[0]);
      expect(new Set(rounds[0]).size).toBe(10);
      expect(Math.max(...(rounds[0] ?? []))).toBe(10);
    });
  });
}

/** Reads on from the last number it has, until it has `count`. */
async function readByCursor(store: Store, stream: StreamId, count: number): Promise<{ seq: number; id: string }[]> {
  const read: { seq: number; id: string }[] = [];
  while (read.length < count) {
    const rows = await store.read(async ({ streams }) => {
      const head = (await streams.lockStream(stream))?.head ?? 0;
      const after = read.at(-1)?.seq ?? 0;
      return streams.entriesBetween(stream, { after, last: head }, { entries: 7, bytes: 1e6, firstBytes: 1e6 });
    });
    read.push(...rows.map(({ seq, id }) => ({ seq, id })));
  }
  return read;
}
