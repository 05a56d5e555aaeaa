import { describe, expect, it } from 'vitest';
import { queuedForSearch, queueForSearch, searchQueueTables } from '../../../src/lib/db/search/queue.ts';
import { unlockedStore } from '../disks.ts';
import { conversation } from '../fixtures.ts';

const hike = conversation('hike');
const queue = (store: Awaited<ReturnType<typeof unlockedStore>>, places: Parameters<typeof queueForSearch>[1]) =>
  store.tx('rw', searchQueueTables, () => queueForSearch(store, places));

describe('what the index has yet to look at', () => {
  it('has one entry for each place', async () => {
    const store = await unlockedStore();
    await queue(store, [
      { conversationId: hike, sortKey: 'b' },
      { conversationId: conversation('home'), sortKey: 'a' },
    ]);
    const rows = await store.searchQueue.orderBy('sortKey').toArray();
    expect(rows.map(({ id: _, ...row }) => row)).toEqual([
      { conversationId: conversation('home'), sortKey: 'a', places: 1 },
      { conversationId: hike, sortKey: 'b', places: 1 },
    ]);
  });

  it('keeps a second entry for a place that changes again, so that taking out the first loses nothing', async () => {
    const store = await unlockedStore();
    await queue(store, [{ conversationId: hike, sortKey: 'b' }]);
    await queue(store, [{ conversationId: hike, sortKey: 'b' }]);
    expect(await store.searchQueue.count()).toBe(2);
  });

  it('holds an import in few rows that leave no place out', async () => {
    const store = await unlockedStore();
    const keys = Array.from({ length: 150 }, (_, i) => String(i).padStart(3, '0'));
    await queue(
      store,
      keys.map((sortKey) => ({ conversationId: hike, sortKey })),
    );
    const rows = await store.searchQueue.orderBy('sortKey').toArray();
    expect(rows).toHaveLength(3);
    expect(await queuedForSearch(store)).toBe(150);
    expect(rows.flatMap(({ sortKey, more = [] }) => [sortKey, ...more])).toEqual(keys);
  });

  it('is empty after a transaction that did not hold', async () => {
    const store = await unlockedStore();
    const failed = store.tx('rw', searchQueueTables, async () => {
      await queueForSearch(store, [{ conversationId: hike, sortKey: 'b' }]);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await store.searchQueue.count()).toBe(0);
  });
});
