import { describe, expect, test } from 'vitest';
import type { AccountId } from '../../../../src/lib/core/ids.ts';
import type { Store } from '../../../../src/lib/server/store/port.ts';
import type { Engine } from './engine.ts';
import { bytes, newId, newPerson } from '../people.ts';

async function newBlob(store: Store, owner: AccountId, size = 100, now = 10) {
  const row = { id: newId(), owner, size, sha256: bytes(32) };
  await store.write(({ blobs }) => blobs.insertBlob(row, now));
  return row;
}

export function blobsConform({ open }: Engine): void {
  describe('blobs', () => {
    const find = (store: Store, id: string) => store.read(({ blobs }) => blobs.findBlob(id));

    test('are given back as they were stored, and grow from where they are', async () => {
      const store = await open();
      const { account } = await newPerson(store);
      const row = await newBlob(store, account);
      const fresh = { ...row, received: 0, hashState: undefined, isGone: false };
      expect(await find(store, row.id)).toEqual(fresh);
      expect(await find(store, newId())).toBeUndefined();
      const hashState = bytes(40);
      const advance = (from: number, received: number) =>
        store.write(({ blobs }) => blobs.advanceBlob(row.id, from, { received, hashState }, 20));
      expect(await advance(1, 50)).toBe(false);
      expect(await advance(0, 50)).toBe(true);
      expect(await advance(0, 50)).toBe(false);
      expect(await find(store, row.id)).toEqual({ ...fresh, received: 50, hashState });
      await expect(advance(50, 101)).rejects.toThrow(/check/i);
    });

    test('are held by accounts, counted, and let go', async () => {
      const store = await open();
      const [ana, ben] = [(await newPerson(store)).account, (await newPerson(store)).account];
      const [one, two] = [await newBlob(store, ana, 100), await newBlob(store, ana, 7)];
      await store.write(async ({ blobs }) => {
        await blobs.holdBlob(one.id, ana, 50);
        await blobs.holdBlob(one.id, ana, 40);
        await blobs.holdBlob(two.id, ana, 50);
        await blobs.holdBlob(one.id, ben, 50);
        await blobs.holdBlob(newId(), ben, 50);
      });
      const state = () =>
        store.read(async ({ blobs }) => [
          await blobs.bytesHeldBy(ana),
          await blobs.bytesHeldBy(ben),
          await blobs.holdsBlob(one.id, ana),
          await blobs.holdsBlob(two.id, ben),
        ]);
      expect(await state()).toEqual([107, 100, true, false]);
      await store.write(({ blobs }) => blobs.releaseBlob(one.id, ana));
      expect(await state()).toEqual([7, 100, false, false]);
      await store.write(({ blobs }) => blobs.forgetBlobsOf(ana));
      expect(await state()).toEqual([0, 100, false, false]);
    });

    test('end with the last hold, or as an upload that nobody goes on with', async () => {
      const store = await open();
      const { account } = await newPerson(store);
      const [held, dropped, stale] = [
        await newBlob(store, account, 1, 10),
        await newBlob(store, account, 2, 10),
        await newBlob(store, account, 3, 5),
      ];
      await store.write(async ({ blobs }) => {
        await blobs.holdBlob(held.id, account, 100);
        await blobs.holdBlob(held.id, account, 90);
        await blobs.holdBlob(dropped.id, account, 99);
        await blobs.holdBlob(stale.id, account, 100);
        await blobs.markEndedBlobs(99, 9);
      });
      const isGone = async ({ id }: { readonly id: string }) => (await find(store, id))?.isGone;
      expect([await isGone(held), await isGone(dropped), await isGone(stale)]).toEqual([false, true, true]);
      const gone = await store.read(({ blobs }) => blobs.goneBlobs(1_000));
      expect(gone).toContainEqual({ id: dropped.id, size: 2 });
      expect(gone).not.toContainEqual({ id: held.id, size: 1 });
      expect(await store.read(({ blobs }) => blobs.goneBlobs(1))).toHaveLength(1);
      const advance = store.write(({ blobs }) =>
        blobs.advanceBlob(stale.id, 0, { received: 1, hashState: undefined }, 20),
      );
      expect(await advance).toBe(false);
      await store.write(async ({ blobs }) => {
        await blobs.deleteBlob(held.id);
        await blobs.deleteBlob(dropped.id);
        await blobs.markGone(held.id);
      });
      expect(await find(store, dropped.id)).toBeUndefined();
      expect(await isGone(held)).toBe(true);
      await store.write(({ blobs }) => blobs.deleteBlob(held.id));
      expect(await find(store, held.id)).toBeUndefined();
    });
  });
}
