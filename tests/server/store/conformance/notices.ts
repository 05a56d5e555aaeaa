import { describe, expect, test } from 'vitest';
import type { StreamId } from '../../../../src/lib/core/ids.ts';
import type { ListingRow } from '../../../../src/lib/server/store/noticeTables.ts';
import type { Engine } from './engine.ts';
import { bytes, newId, newPerson } from '../people.ts';

export function noticesConform({ open }: Engine): void {
  describe('push subscriptions', () => {
    test('are one for each device, and the keys of the relay are kept', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const row = { device: ana.device, endpoint: 'https://one.example', p256dh: bytes(65), auth: bytes(16) };
      const subscriptions = () => store.read(({ push }) => push.subscriptionsOf([ana.device, ben.device]));
      await store.write(({ push }) => push.replaceSubscription({ ...row, endpoint: 'https://two.example' }));
      await store.write(({ push }) => push.replaceSubscription(row));
      expect(await subscriptions()).toEqual([row]);
      expect(await store.read(({ push }) => push.subscriptionsOf([]))).toEqual([]);
      await store.write(({ life }) => life.deleteAccount(ana.account));
      expect(await subscriptions()).toEqual([]);

      const name = newId();
      const keep = (fresh: string) => store.write(({ push }) => push.keepKey(name, fresh));
      const [first, second] = await Promise.all([keep('one'), keep('two')]);
      expect(second).toBe(first);
    });
  });

  test('everything is counted', async () => {
    const store = await open();
    const count = () => store.read(({ statistics }) => statistics.countAll());
    const before = await count();
    await newPerson(store);
    const after = await count();
    expect([after.accounts - before.accounts, after.devices - before.devices]).toEqual([1, 1]);
    for (const n of Object.values(after)) expect(n).toBeTypeOf('number');
  });

  describe('the directory', () => {
    test('finds what contains all words, in order, until it ends', async () => {
      const store = await open();
      const [ana, ben] = [await newPerson(store), await newPerson(store)];
      const word = newId().toLowerCase();
      const listed = async (name: string, expiresAt = 100): Promise<ListingRow> => {
        const stream = newId<StreamId>();
        const row: ListingRow = {
          stream,
          name,
          description: '%_',
          link: bytes(9),
          account: ana.account,
          expiresAt,
          searched: `${name} %_ ${word}`,
          place: `${name}\n${stream}`,
        };
        await store.write(async ({ streams, directory }) => {
          await streams.insertStream(stream, { kind: 'group', head: 0, epoch: 0, fence: 0 }, 1);
          await streams.openMembers(stream, [ana.device, ben.device], 0);
          await streams.closeMembers(stream, [ben.device], 0);
          await directory.replaceListing(row);
        });
        return row;
      };
      const [b, a] = [await listed('b'), await listed('a')];
      const ended = await listed('c', 50);
      const search = (words: string[], after = '', most = 9) =>
        store.read(({ directory }) => directory.searchListings(words, after, 50, most));
      expect(await search([word])).toEqual([a, b]);
      expect(await search([word, 'a %'])).toEqual([a]);
      expect(await search([word, '__'])).toEqual([]);
      expect(await search([word], '', 1)).toEqual([a]);
      expect(await search([word], a.place)).toEqual([b]);
      const changed = { ...a, name: 'z', place: `z\n${a.stream}` };
      await store.write(({ directory }) => directory.replaceListing(changed));
      expect(await search([word])).toEqual([b, changed]);
      const state = () =>
        store.read(async ({ directory }) => [
          await directory.countListings(ana.account),
          await directory.countMemberAccounts(a.stream),
          await directory.isMemberAccount(a.stream, ana.account),
          await directory.isMemberAccount(a.stream, ben.account),
        ]);
      expect(await state()).toEqual([3, 1, true, false]);
      await store.write(({ directory }) => directory.deleteListing(b.stream));
      await store.write(({ directory }) => directory.sweepListings(50));
      expect(await store.read(({ directory }) => directory.findListing(ended.stream))).toBeUndefined();
      expect(await state()).toEqual([1, 1, true, false]);
    });
  });
}
