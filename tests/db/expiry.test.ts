import { describe, expect, it } from 'vitest';
import { nextExpiry, wipeExpired } from '../../src/lib/db/expiry.ts';
import { lockedStore, newDisk, unlockedStore } from './disks.ts';
import {
  account,
  conversation,
  conversationRow,
  groupRow,
  group,
  meetAna,
  message,
  messageRow,
  NOW,
  sortKey,
} from './fixtures.ts';

const ana = conversation('ana');

describe('what has expired', () => {
  it('goes with all that hangs on it, in a locked store too, and what has not stays', async () => {
    const disk = newDisk();
    const store = await unlockedStore(disk);
    await meetAna(store);
    await store.messages.bulkAdd([
      messageRow('ana', 'gone', 1, { expiresAt: NOW }),
      messageRow('ana', 'later', 2, { expiresAt: NOW + 1 }),
      messageRow('ana', 'kept', 3),
    ]);
    await store.messageReadReceipts.add({ messageId: message('gone'), userId: account('ana'), readAt: NOW });
    await store.conversations.update(ana, { unreadCount: 3 });
    store.close();

    const locked = await lockedStore(disk);
    expect(await wipeExpired(locked, NOW)).toBe(1);
    expect(await wipeExpired(locked, NOW)).toBe(0);
    expect((await locked.messages.toArray()).map(({ id }) => id)).toEqual([message('later'), message('kept')]);
    expect(await locked.messageReadReceipts.count()).toBe(0);
    expect(await locked.conversations.get(ana)).toMatchObject({ unreadCount: 2 });
    expect(await locked.searchQueue.toArray()).toMatchObject([{ conversationId: ana, sortKey: sortKey(1) }]);
    expect(await nextExpiry(locked)).toBe(NOW + 1);
  });

  it('goes in slices, however much it is', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    const rows = Array.from({ length: 450 }, (_, i) => messageRow('ana', `m${i}`, i, { expiresAt: NOW - i }));
    await store.messages.bulkAdd(rows);
    expect(await wipeExpired(store, NOW)).toBe(450);
    expect(await store.messages.count()).toBe(0);
  });

  it('is a whole conversation where that is a temporary one, with its group and what waits to be sent in it', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    await store.groups.add(groupRow('brief'));
    await store.conversations.add(
      conversationRow('brief', { kind: 'temporary', groupId: group('brief'), expiresAt: NOW }),
    );
    await store.messages.add(messageRow('brief', 'a', 1));
    await store.offlineOperations.add({
      id: 'o',
      userId: account('ana'),
      deviceId: 'd' as never,
      operationType: 'append',
      lane: conversation('brief'),
      sortKey: sortKey(1),
      createdAt: NOW,
      retryCount: 0,
      maxRetries: 3,
      nextAttemptAt: 0,
      status: 'pending',
    });
    expect(await nextExpiry(store)).toBe(NOW);
    expect(await wipeExpired(store, NOW)).toBe(1);
    const left = [store.groups, store.messages, store.offlineOperations].map((table) => table.count());
    expect(await Promise.all(left)).toEqual([0, 0, 0]);
    expect((await store.conversations.toArray()).map(({ id }) => id)).toEqual([ana]);
    expect(await nextExpiry(store)).toBeUndefined();
  });
});
