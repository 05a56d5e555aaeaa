import { beforeEach, describe, expect, it } from 'vitest';
import type { KeyPackageRef } from '../../src/lib/core/ids.ts';
import {
  addKeyPackages,
  countKeyPackages,
  deleteKeyPackage,
  expiredKeyPackageRefs,
  expireKeyPackages,
  keyPackagesByStatus,
  loadBundle,
  loadKeyPackage,
  markPublished,
  releaseReservations,
  reserveKeyPackage,
  spendKeyPackage,
  unpublishedPackages,
  updateKeyPackageStatus,
  type KeyPackageStatus,
  type NewKeyPackage,
} from '../../src/lib/db/keyPackages.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, faultFrom, group, NOW } from './fixtures.ts';

const DAY = 24 * 3600_000;
const ref = (name: string) => `ref-${name}` as KeyPackageRef;

const fresh = (name: string, more: Partial<NewKeyPackage> = {}): NewKeyPackage => ({
  ref: ref(name),
  publicBytes: new TextEncoder().encode(`public ${name}`),
  privateBundle: new TextEncoder().encode(`private ${name}`),
  notBefore: NOW,
  notAfter: NOW + 60 * DAY,
  suite: 83,
  lastResort: false,
  ...more,
});

let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
});

describe('the pool of key packages', () => {
  it('keeps a fresh package with its private half', async () => {
    await addKeyPackages(store, [fresh('a')], NOW);
    expect(await loadKeyPackage(store, ref('a'))).toEqual({
      ref: ref('a'),
      status: 'created',
      cipherSuite: 83,
      isLastResort: false,
      notBefore: NOW,
      notAfter: NOW + 60 * DAY,
      createdAt: NOW,
    });
    expect(await loadBundle(store, ref('a'))).toEqual(fresh('a').privateBundle);
    expect(await faultFrom(addKeyPackages(store, [fresh('b'), fresh('a')], NOW))).toMatchObject({ code: 'duplicate' });
    expect(await loadKeyPackage(store, ref('b'))).toBeUndefined();
  });

  it('hands out for upload what the relay has not confirmed, oldest first, until it has', async () => {
    await addKeyPackages(store, [fresh('late', { lastResort: true })], NOW + 1);
    await addKeyPackages(store, [fresh('early')], NOW);
    expect(await unpublishedPackages(store, 5)).toEqual([
      { ref: ref('early'), suite: 83, notAfter: NOW + 60 * DAY, lastResort: false, bytes: fresh('early').publicBytes },
      { ref: ref('late'), suite: 83, notAfter: NOW + 60 * DAY, lastResort: true, bytes: fresh('late').publicBytes },
    ]);
    expect((await unpublishedPackages(store, 1)).map((row) => row.ref)).toEqual([ref('early')]);
    await markPublished(store, [ref('early')], NOW + 5);
    expect((await unpublishedPackages(store, 5)).map((row) => row.ref)).toEqual([ref('late')]);
    expect(await loadKeyPackage(store, ref('early'))).toMatchObject({
      status: 'available',
      uploadedAt: NOW + 5,
      availableAt: NOW + 5,
    });
    expect((await store.keyPackageBundles.get(ref('early')))?.publicPackage).toBeUndefined();
    await markPublished(store, [ref('early')], NOW + 9);
    expect(await loadKeyPackage(store, ref('early'))).toMatchObject({ availableAt: NOW + 5 });
  });

  it('goes through its whole life, and its private half with it', async () => {
    await addKeyPackages(store, [fresh('a')], NOW);
    await updateKeyPackageStatus(store, ref('a'), 'uploaded', NOW + 1);
    await updateKeyPackageStatus(store, ref('a'), 'available', NOW + 2);
    await reserveKeyPackage(store, ref('a'), { id: 'r', by: account('bo'), expiresAt: NOW + DAY }, NOW + 3);
    expect(await loadKeyPackage(store, ref('a'))).toMatchObject({ reservedBy: account('bo'), reservationId: 'r' });
    await spendKeyPackage(store, ref('a'), account('bo'), group('hike'), NOW + 4);
    expect(await loadKeyPackage(store, ref('a'))).toMatchObject({
      status: 'spent',
      uploadedAt: NOW + 1,
      availableAt: NOW + 2,
      reservedAt: NOW + 3,
      spentAt: NOW + 4,
      spentBy: account('bo'),
      spentGroupId: group('hike'),
    });
    expect(await loadBundle(store, ref('a'))).toBeUndefined();
    expect(await store.keyPackageBundles.count()).toBe(0);
  });

  it('comes back to the pool when a reservation lapses', async () => {
    await addKeyPackages(store, [fresh('a')], NOW);
    await markPublished(store, [ref('a')], NOW);
    await reserveKeyPackage(store, ref('a'), { id: 'r', by: account('bo'), expiresAt: NOW + DAY }, NOW);
    await updateKeyPackageStatus(store, ref('a'), 'available', NOW + DAY);
    const row = await loadKeyPackage(store, ref('a'));
    expect(row).toMatchObject({ status: 'available', availableAt: NOW + DAY });
    expect(row).not.toHaveProperty('reservedBy');
  });

  it('comes back on its own once a reservation is over, and not before', async () => {
    await addKeyPackages(store, [fresh('a'), fresh('b')], NOW);
    await markPublished(store, [ref('a'), ref('b')], NOW);
    await reserveKeyPackage(store, ref('a'), { id: 'r', by: account('bo'), expiresAt: NOW + DAY }, NOW);
    await reserveKeyPackage(store, ref('b'), { id: 's', by: account('bo'), expiresAt: NOW + 2 * DAY }, NOW);
    expect(await releaseReservations(store, NOW + DAY - 1)).toBe(0);
    expect(await releaseReservations(store, NOW + DAY)).toBe(1);
    expect((await keyPackagesByStatus(store, 'available')).map((row) => row.ref)).toEqual([ref('a')]);
    expect(await countKeyPackages(store, 'reserved')).toBe(1);
  });

  it('is spent also when the answer to its upload was lost', async () => {
    await addKeyPackages(store, [fresh('a')], NOW);
    await spendKeyPackage(store, ref('a'), account('bo'), group('hike'), NOW + 4);
    expect(await loadKeyPackage(store, ref('a'))).toMatchObject({ status: 'spent', uploadedAt: NOW + 4 });
  });

  it('keeps its private half when the group could not be stored', async () => {
    await addKeyPackages(store, [fresh('a')], NOW);
    await faultFrom(
      store.tx('rw', ['keyPackages', 'keyPackageBundles', 'conversations'], async () => {
        await spendKeyPackage(store, ref('a'), account('bo'), group('hike'), NOW);
        await store.conversations.add({} as never);
      }),
    );
    expect(await loadKeyPackage(store, ref('a'))).toMatchObject({ status: 'created' });
    expect(await loadBundle(store, ref('a'))).toEqual(fresh('a').privateBundle);
  });

  const steps: [KeyPackageStatus, KeyPackageStatus[]][] = [
    ['created', ['available', 'reserved', 'spent']],
    ['uploaded', ['created', 'reserved', 'spent']],
    ['available', ['created', 'uploaded']],
    ['reserved', ['created', 'uploaded']],
    ['spent', ['created', 'uploaded', 'available', 'reserved', 'expired']],
    ['expired', ['created', 'uploaded', 'available', 'reserved', 'spent']],
  ];
  const path: KeyPackageStatus[] = ['created', 'uploaded', 'available', 'reserved', 'spent'];
  it.each(steps.flatMap(([from, refused]) => refused.map((to) => [from, to] as const)))(
    'does not go from %s to %s',
    async (from, to) => {
      await addKeyPackages(store, [fresh('a')], NOW);
      for (const step of from === 'expired' ? (['expired'] as const) : path.slice(1, path.indexOf(from) + 1)) {
        await updateKeyPackageStatus(store, ref('a'), step, NOW);
      }
      expect(await faultFrom(updateKeyPackageStatus(store, ref('a'), to, NOW))).toMatchObject({
        code: 'constraint',
        field: 'status',
      });
    },
  );

  it('cannot change a package that is not there', async () => {
    for (const work of [
      () => updateKeyPackageStatus(store, ref('x'), 'uploaded', NOW),
      () => reserveKeyPackage(store, ref('x'), { id: 'r', by: account('bo'), expiresAt: NOW }, NOW),
      () => spendKeyPackage(store, ref('x'), account('bo'), group('hike'), NOW),
    ]) {
      expect(await faultFrom(work())).toMatchObject({ code: 'not-found', entity: 'keyPackages' });
    }
  });

  it('counts and lists by status', async () => {
    await addKeyPackages(
      store,
      ['a', 'b', 'c', 'd', 'e'].map((name) => fresh(name)),
      NOW,
    );
    await markPublished(store, ['b', 'c', 'd', 'e'].map(ref), NOW);
    await reserveKeyPackage(store, ref('c'), { id: 'r', by: account('bo'), expiresAt: NOW }, NOW);
    await spendKeyPackage(store, ref('d'), account('bo'), group('hike'), NOW);
    await updateKeyPackageStatus(store, ref('e'), 'expired', NOW);
    const counts = await Promise.all(
      [...path, 'expired' as const].map(async (status) => [status, await countKeyPackages(store, status)]),
    );
    expect(Object.fromEntries(counts)).toEqual({
      created: 1,
      uploaded: 0,
      available: 1,
      reserved: 1,
      spent: 1,
      expired: 1,
    });
    expect((await keyPackagesByStatus(store, 'available')).map((row) => row.ref)).toEqual([ref('b')]);
  });

  it('finds what has expired, and lets its private half go', async () => {
    await addKeyPackages(
      store,
      [fresh('old', { notAfter: NOW + DAY }), fresh('used', { notAfter: NOW + DAY }), fresh('good')],
      NOW,
    );
    await spendKeyPackage(store, ref('used'), account('bo'), group('hike'), NOW);
    expect(await expiredKeyPackageRefs(store, NOW + DAY - 1)).toEqual([]);
    expect(await expiredKeyPackageRefs(store, NOW + DAY)).toEqual([ref('old')]);
    expect(await expireKeyPackages(store, NOW + DAY)).toBe(1);
    expect(await loadKeyPackage(store, ref('old'))).toMatchObject({ status: 'expired', expiredAt: NOW + DAY });
    expect(await loadBundle(store, ref('old'))).toBeUndefined();
    expect(await loadBundle(store, ref('good'))).toBeDefined();
    expect(await expireKeyPackages(store, NOW + DAY)).toBe(0);
  });

  it('forgets a package whole', async () => {
    await addKeyPackages(store, [fresh('a')], NOW);
    await deleteKeyPackage(store, ref('a'));
    expect(await loadKeyPackage(store, ref('a'))).toBeUndefined();
    expect(await store.keyPackageBundles.count()).toBe(0);
  });
});
