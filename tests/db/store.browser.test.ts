import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyPackageRef } from '../../src/lib/core/ids.ts';
import { refuse } from '../../src/lib/core/result.ts';
import { appendAudit, auditTables, verifyAudit } from '../../src/lib/db/auditLog.ts';
import { addKeyPackages, keyPackageTables, loadBundle, spendKeyPackage } from '../../src/lib/db/keyPackages.ts';
import { getSetting, setSetting } from '../../src/lib/db/settings.ts';
import { openStore, type Store } from '../../src/lib/db/store.ts';
import {
  account,
  conversation,
  countingRandom,
  device,
  faultFrom,
  group,
  meetAna,
  message,
  messageRow,
  NOW,
  sortKey,
  standingClock,
  testSealer,
} from './fixtures.ts';

/** The same core as in Node, on the browser's own IndexedDB: transactions there end when nobody is looking. */
let store: Store;
let stores: Store[] = [];
let opened = 0;
const id = conversation('ana');
const bytes = new Uint8Array([1, 2, 3]);

const open = async (name: string): Promise<Store> => {
  const made = await openStore({ name, clock: standingClock(), random: countingRandom() });
  stores.push(made);
  return made;
};

beforeEach(async () => {
  store = await open(`cairn-test-${++opened}-${performance.now()}`);
  store.unlock(testSealer());
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of stores) one.close();
  await Promise.all([...new Set(stores.map((one) => one.name))].map(deleted));
  stores = [];
});

describe('in the browser', () => {
  it('writes a message, its chain of rows and the outbox in one transaction', async () => {
    await meetAna(store);
    await store.tx('rw', ['messages', 'messageReadReceipts', 'offlineOperations', 'conversations'], async () => {
      await store.messages.bulkAdd([
        messageRow('ana', 'a', 1),
        messageRow('ana', 'b', 2, { deviceId: device('ana-phone') }),
      ]);
      await store.messageReadReceipts.add({ messageId: message('a'), userId: account('ana'), readAt: NOW });
      const rows = await store.messages.where('conversationId').equals(id).reverse().toArray();
      await Promise.all(
        rows.map((row) => store.messages.update([id, row.sortKey], { content: `${row.content ?? ''}!` })),
      );
      await store.conversations.update(id, { unreadCount: rows.length, draft: 'half a thought' });
      await store.offlineOperations.add({
        id: 'o',
        userId: account('ana'),
        deviceId: device('ana-phone'),
        operationType: 'append',
        payload: new Uint8Array([1, 2, 3]),
        lane: id,
        sortKey: sortKey(1),
        createdAt: NOW,
        retryCount: 0,
        maxRetries: 3,
        nextAttemptAt: 0,
        status: 'pending',
      });
    });
    expect((await store.messages.toArray()).map((row) => row.content)).toEqual(['text of a!', 'text of b!']);
    expect(await store.conversations.get(id)).toMatchObject({ unreadCount: 2, draft: 'half a thought' });
  });

  it('runs the transactions of repositories inside another, and undoes all of them together', async () => {
    const ref = 'ref' as KeyPackageRef;
    const now = NOW;
    const fresh = {
      ref,
      publicBytes: bytes,
      privateBundle: bytes,
      notBefore: 1,
      notAfter: 2,
      suite: 83,
      lastResort: false,
    };
    await addKeyPackages(store, [fresh], now);
    const join = async () => {
      await meetAna(store);
      await spendKeyPackage(store, ref, account('ana'), group('hike'), now);
      await appendAudit(store, { eventType: 'group', action: 'join', success: true }, now);
      await setSetting(store, 'clock', { ms: now, count: 0 }, now);
    };
    const tables = ['users', 'devices', 'contacts', 'conversations', ...keyPackageTables, ...auditTables] as const;
    const undone = store.tx('rw', tables, async () => {
      await join();
      refuse({ code: 'changed-my-mind', retry: 'never' });
    });
    expect(await faultFrom(undone)).toMatchObject({ code: 'changed-my-mind' });
    expect(await loadBundle(store, ref)).toEqual(bytes);
    expect(await store.users.count()).toBe(0);

    await store.tx('rw', tables, join);
    expect(await loadBundle(store, ref)).toBeUndefined();
    expect(await verifyAudit(store)).toEqual({ intact: true });
    expect(await getSetting(store, 'clock')).toEqual({ ms: now, count: 0 });
  });

  it('undoes a transaction whose last write breaks a rule', async () => {
    await meetAna(store);
    const work = store.tx('rw', ['messages'], async () => {
      await store.messages.add(messageRow('ana', 'a', 1));
      await store.messages.add(messageRow('nobody', 'b', 2));
    });
    expect(await faultFrom(work)).toMatchObject({ code: 'constraint', field: 'conversationId' });
    expect(await store.messages.count()).toBe(0);
  });

  it('refuses a duplicate, and half a batch', async () => {
    await meetAna(store);
    await store.messages.add(messageRow('ana', 'a', 1));
    const batch = [messageRow('ana', 'b', 2), messageRow('ana', 'a', 3)];
    expect(await faultFrom(store.messages.bulkAdd(batch))).toMatchObject({ code: 'duplicate', entity: 'messages' });
    expect(await store.messages.count()).toBe(1);
  });

  it('deletes a contact with all that belongs to it', async () => {
    await meetAna(store);
    await store.messages.bulkAdd(Array.from({ length: 300 }, (_, i) => messageRow('ana', `m${i}`, i)));
    await store.messageReactions.bulkAdd(
      Array.from({ length: 300 }, (_, i) => ({
        messageId: message(`m${i}`),
        userId: account('ana'),
        emojiKey: 'k',
        emoji: '🥾',
        timestamp: NOW,
      })),
    );
    await store.contacts.delete(account('ana'));
    expect(await store.conversations.count()).toBe(0);
    expect(await store.messages.count()).toBe(0);
    expect(await store.messageReactions.count()).toBe(0);
  });

  it('reads through cursors, and leaves a locked store its clear columns', async () => {
    await meetAna(store);
    await store.messages.bulkAdd([messageRow('ana', 'a', 1), messageRow('ana', 'b', 2)]);
    expect(
      await store.messages
        .orderBy('sortKey')
        .filter((row) => row.content === 'text of b')
        .first(),
    ).toEqual(messageRow('ana', 'b', 2));
    const worker = await open(store.name);
    await worker.messages.where('id').equals(message('b')).modify({ status: 'delivered' });
    expect((await worker.messages.get([id, sortKey(2)]))?.content).toBeUndefined();
    expect(await store.messages.get([id, sortKey(2)])).toEqual(messageRow('ana', 'b', 2, { status: 'delivered' }));
  });

  it('keeps a login key that nobody can take out', async () => {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new TypeError('not a pair');
    await store.relayLogin.put({
      id: 'self',
      accountId: account('ana'),
      deviceId: device('ana-phone'),
      loginKey: pair.privateKey,
      registeredCertificate: new Uint8Array([1]),
      relayOrigin: 'https://relay.example',
    });
    const kept = await store.relayLogin.get('self');
    expect(kept?.loginKey.extractable).toBe(false);
    if (kept === undefined) return;
    const data = new TextEncoder().encode('challenge');
    const signature = await crypto.subtle.sign('Ed25519', kept.loginKey, data);
    expect(await crypto.subtle.verify('Ed25519', pair.publicKey, signature, data)).toBe(true);
  });

  it('asks for strict durability where a power cut must lose nothing', async () => {
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    store = await open(store.name);
    store.unlock(testSealer());
    await meetAna(store);
    await store.messages.add(messageRow('ana', 'a', 1));
    expect(transaction.mock.lastCall?.[2]).toEqual({ durability: 'relaxed' });
    await store.tx('rw', ['messages', 'senderKeys'], async () => {
      await store.messages.add(messageRow('ana', 'b', 2));
    });
    expect(transaction.mock.lastCall?.[2]).toEqual({ durability: 'strict' });
  });

  it('hears in a live query of what another connection wrote', async () => {
    await meetAna(store);
    const other = await open(store.name);
    other.unlock(testSealer());
    const seen: number[] = [];
    const stop = store.live(
      () => store.messages.where('conversationId').equals(id).count(),
      (count) => seen.push(count),
    );
    await vi.waitFor(() => expect(seen).toEqual([0]));
    await other.messages.add(messageRow('ana', 'a', 1));
    await vi.waitFor(() => expect(seen).toEqual([0, 1]));
    stop();
  });
});

const deleted = (name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error ?? new Error('delete'));
  });
