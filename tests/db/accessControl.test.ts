import { beforeEach, describe, expect, it } from 'vitest';
import {
  grantAccess,
  grantsOn,
  grantsTo,
  isGranted,
  isPersonCapable,
  revokeAccess,
  sweepGrants,
} from '../../src/lib/db/accessControl.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, NOW, user } from './fixtures.ts';

const ana = { resourceType: 'workspaces', resourceId: 'w', userId: account('ana') };
const bo = { ...ana, userId: account('bo') };
const by = { grantedBy: account('cy') };

let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
});

describe('a grant', () => {
  it('allows what it names, to whom it names, on what it names', async () => {
    await grantAccess(store, ana, { permissions: ['read', 'write', 'read'], ...by }, NOW);
    expect(await isGranted(store, ana, 'write', NOW)).toBe(true);
    expect(await isGranted(store, ana, 'delete', NOW)).toBe(false);
    expect(await isGranted(store, bo, 'read', NOW)).toBe(false);
    expect(await isGranted(store, { ...ana, resourceId: 'v' }, 'read', NOW)).toBe(false);
    expect(await grantsTo(store, account('ana'), NOW)).toEqual([
      { ...ana, permissions: ['read', 'write'], ...by, grantedAt: NOW },
    ]);
  });

  it('is replaced by the next one', async () => {
    await grantAccess(store, ana, { permissions: ['read'], ...by }, NOW);
    await grantAccess(store, ana, { permissions: ['write'], ...by }, NOW + 1);
    expect(await isGranted(store, ana, 'read', NOW)).toBe(false);
    expect(await store.accessControl.count()).toBe(1);
  });

  it('denies from the moment it expires, swept or not', async () => {
    await grantAccess(store, ana, { permissions: ['read'], ...by, expiresAt: NOW + 10 }, NOW);
    await grantAccess(store, bo, { permissions: ['read'], ...by }, NOW);
    expect(await isGranted(store, ana, 'read', NOW + 9)).toBe(true);
    expect(await isGranted(store, ana, 'read', NOW + 10)).toBe(false);
    expect((await grantsOn(store, ana, NOW + 9)).map((row) => row.userId)).toEqual([account('ana'), account('bo')]);
    expect((await grantsOn(store, ana, NOW + 10)).map((row) => row.userId)).toEqual([account('bo')]);
    expect(await grantsTo(store, account('ana'), NOW + 10)).toEqual([]);
    expect(await sweepGrants(store, NOW + 9)).toBe(0);
    expect(await sweepGrants(store, NOW + 10)).toBe(1);
    expect(await store.accessControl.count()).toBe(1);
  });

  it('is taken back in part or whole', async () => {
    await grantAccess(store, ana, { permissions: ['read', 'write'], ...by }, NOW);
    await revokeAccess(store, ana, ['write', 'delete']);
    expect(await isGranted(store, ana, 'write', NOW)).toBe(false);
    expect(await isGranted(store, ana, 'read', NOW)).toBe(true);
    await revokeAccess(store, ana, ['read']);
    expect(await store.accessControl.count()).toBe(0);
    await grantAccess(store, ana, { permissions: ['read'], ...by }, NOW);
    await revokeAccess(store, ana);
    await revokeAccess(store, bo);
    expect(await isGranted(store, ana, 'read', NOW)).toBe(false);
  });
});

describe('a role', () => {
  const capabilities = ['read', 'write', 'moderate', 'manage-people'] as const;
  const able = [
    ['admin', [true, true, true, true]],
    ['moderator', [true, true, true, false]],
    ['user', [true, true, false, false]],
    ['guest', [true, false, false, false]],
  ] as const;

  it.each(able)('of %s allows what those below it may, and no more', async (role, expected) => {
    await store.users.bulkAdd([user('ana', { role }), user('bo', { role, status: 'deactivated' })]);
    const of = (name: string) => Promise.all(capabilities.map((one) => isPersonCapable(store, account(name), one)));
    expect(await of('ana')).toEqual(expected);
    expect(await of('bo')).toEqual([false, false, false, false]);
    expect(await of('nobody')).toEqual([false, false, false, false]);
  });
});
