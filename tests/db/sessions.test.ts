import { beforeEach, describe, expect, it } from 'vitest';
import {
  createSession,
  refreshSession,
  revokeSession,
  revokeSessionsOf,
  sessionByTokenHash,
  sessionsOf,
  sweepSessions,
  touchSession,
} from '../../src/lib/db/sessions.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, device, deviceRow, faultFrom, NOW, user } from './fixtures.ts';

const HOUR = 3_600_000;
let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
  await store.users.bulkAdd([user('ana'), user('bo')]);
  await store.devices.bulkAdd([deviceRow('ana-phone', 'ana'), deviceRow('bo-phone', 'bo')]);
});

const begin = (tokenHash: string, name = 'ana', now = NOW) =>
  createSession(
    store,
    { userId: account(name), deviceId: device(`${name}-phone`), tokenHash, expiresAt: now + HOUR },
    now,
  );

describe('a session', () => {
  it('is found by the hash of its token until its time is over', async () => {
    const row = await begin('t1');
    expect(row).toMatchObject({ lastActivity: NOW, createdAt: NOW });
    expect(await sessionByTokenHash(store, 't1', NOW + HOUR - 1)).toEqual(row);
    expect(await sessionByTokenHash(store, 't1', NOW + HOUR)).toBeUndefined();
    expect(await sessionByTokenHash(store, 't2', NOW)).toBeUndefined();
  });

  it('has a token and a device of its own', async () => {
    await begin('t1');
    expect(await faultFrom(begin('t1', 'bo'))).toMatchObject({ code: 'duplicate', entity: 'sessions' });
    expect(await faultFrom(begin('t2', 'cy'))).toMatchObject({ code: 'constraint', entity: 'sessions' });
  });

  it('is touched and refreshed while it holds', async () => {
    const { id } = await begin('t1');
    await touchSession(store, id, NOW + 5);
    expect(await store.sessions.get(id)).toMatchObject({ lastActivity: NOW + 5 });
    const refreshToken = new Uint8Array([1]);
    await refreshSession(store, id, { tokenHash: 't2', refreshToken, expiresAt: NOW + 2 * HOUR }, NOW + 6);
    expect(await sessionByTokenHash(store, 't1', NOW + 6)).toBeUndefined();
    expect(await sessionByTokenHash(store, 't2', NOW + HOUR)).toMatchObject({
      id,
      refreshToken,
      lastActivity: NOW + 6,
    });
    for (const work of [
      touchSession(store, id, NOW + 2 * HOUR),
      refreshSession(store, id, { tokenHash: 't3', expiresAt: NOW + 9 * HOUR }, NOW + 2 * HOUR),
    ]) {
      expect(await faultFrom(work)).toMatchObject({ code: 'constraint', field: 'expiresAt' });
    }
    expect(await faultFrom(touchSession(store, 'nobody', NOW))).toMatchObject({ code: 'not-found' });
    await begin('t4');
    expect(await faultFrom(refreshSession(store, id, { tokenHash: 't4', expiresAt: NOW }, NOW))).toMatchObject({
      code: 'duplicate',
    });
  });

  it('is listed with the others of its person, the latest used first', async () => {
    const first = await begin('t1');
    const second = await begin('t2', 'ana', NOW + 1);
    await begin('t3', 'bo');
    expect((await sessionsOf(store, account('ana'), NOW + 2)).map((row) => row.id)).toEqual([second.id, first.id]);
    await touchSession(store, first.id, NOW + 3);
    expect((await sessionsOf(store, account('ana'), NOW + 4)).map((row) => row.id)).toEqual([first.id, second.id]);
    expect((await sessionsOf(store, account('ana'), NOW + HOUR)).map((row) => row.id)).toEqual([second.id]);
  });

  it('is revoked alone, or with all others of its person', async () => {
    const first = await begin('t1');
    const second = await begin('t2');
    await begin('t3', 'bo');
    await revokeSession(store, first.id);
    expect(await sessionByTokenHash(store, 't1', NOW)).toBeUndefined();
    await begin('t4');
    expect(await revokeSessionsOf(store, account('ana'), second.id)).toBe(1);
    expect((await sessionsOf(store, account('ana'), NOW)).map((row) => row.id)).toEqual([second.id]);
    expect(await revokeSessionsOf(store, account('ana'))).toBe(1);
    expect(await store.sessions.count()).toBe(1);
  });

  it('is swept once it has expired, and goes with its device', async () => {
    await begin('t1');
    await begin('t2', 'ana', NOW + 1);
    await begin('t3', 'bo');
    expect(await sweepSessions(store, NOW + HOUR)).toBe(2);
    expect(await sessionByTokenHash(store, 't2', NOW)).toBeDefined();
    await store.devices.delete(device('ana-phone'));
    expect(await store.sessions.count()).toBe(0);
  });
});
