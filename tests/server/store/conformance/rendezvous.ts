import { describe, expect, test } from 'vitest';
import type { Engine } from './engine.ts';
import { bytes, newId } from '../people.ts';

export function rendezvousConforms({ open }: Engine): void {
  describe('a rendezvous', () => {
    test('holds numbered boxes of two sides until they are taken away, and ends', async () => {
      const store = await open();
      const id = newId();
      const put = (side: 'new' | 'old', n: number, length = 3) =>
        store.write(({ rendezvous }) => rendezvous.insertBox(id, side, { n, box: bytes(length) }));
      const from = (next: number, most = 1_000) =>
        store.read(({ rendezvous }) => rendezvous.boxesFrom(id, 'old', next, most));
      const numbers = async (next: number, most?: number) => (await from(next, most)).map(({ n }) => n);

      expect(await put('old', 0)).toBe(false);
      const before = await store.read(({ rendezvous }) => rendezvous.countRendezvous());
      await store.write(({ rendezvous }) => rendezvous.insertRendezvous(id, 100));
      expect(await store.read(({ rendezvous }) => rendezvous.countRendezvous())).toBe(before + 1);
      expect([await put('old', 0, 5), await put('old', 0, 6), await put('old', 1), await put('new', 0)]).toEqual([
        true,
        false,
        true,
        true,
      ]);
      expect((await from(0))[0]?.box).toHaveLength(5);
      expect([await numbers(0), await numbers(0, 7), await numbers(0, 1), await numbers(1)]).toEqual([
        [0, 1],
        [0],
        [0],
        [1],
      ]);
      const waiting = () => store.read(({ rendezvous }) => rendezvous.boxBytes(id, 'old'));
      expect(await waiting()).toBe(8);
      await store.write(({ rendezvous }) => rendezvous.deleteBoxesBefore(id, 'old', 1));
      expect([await numbers(0), await waiting(), await put('old', 0), await put('new', 1)]).toEqual([
        [1],
        3,
        false,
        true,
      ]);

      const ends = (now: number) => store.read(({ rendezvous }) => rendezvous.findRendezvous(id, now));
      await store.write(({ rendezvous }) => rendezvous.extendRendezvous(id, 200));
      await store.write(({ rendezvous }) => rendezvous.extendRendezvous(id, 150));
      expect([await ends(199), await ends(200)]).toEqual([{ expiresAt: 200 }, undefined]);
      await store.write(({ rendezvous }) => rendezvous.sweepRendezvous(200));
      expect([await ends(0), await numbers(0)]).toEqual([undefined, []]);
    });
  });
}
