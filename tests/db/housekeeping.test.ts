import { beforeEach, describe, expect, it } from 'vitest';
import { appendAudit, countFailures, listAudit, pruneAudit, verifyAudit } from '../../src/lib/db/auditLog.ts';
import { deleteRelayLogin, loadRelayLogin, saveRelayLogin } from '../../src/lib/db/relayLogin.ts';
import {
  countUnresolved,
  listSecurityEvents,
  recordSecurityEvent,
  resolveSecurityEvent,
} from '../../src/lib/db/security.ts';
import { deleteSetting, getSetting, listSettings, setSetting } from '../../src/lib/db/settings.ts';
import type { AuditLogRow, Store } from '../../src/lib/db/store.ts';
import { lockedStore, newDisk, unlockedStore } from './disks.ts';
import { account, device, faultFrom, NOW } from './fixtures.ts';
import { onDisk } from './samples.ts';

let disk: ReturnType<typeof newDisk>;
let store: Store;
beforeEach(async () => {
  disk = newDisk();
  store = await unlockedStore(disk);
});

describe('settings', () => {
  it('are set, read, replaced, listed and deleted', async () => {
    expect(await getSetting(store, 'theme')).toBeUndefined();
    await setSetting(store, 'theme', 'dark', NOW);
    await setSetting(store, 'clock', { ms: 5, count: 0 }, NOW + 1);
    await setSetting(store, 'theme', 'light', NOW + 2);
    expect(await getSetting<string>(store, 'theme')).toBe('light');
    expect(await getSetting(store, 'clock')).toEqual({ ms: 5, count: 0 });
    expect((await listSettings(store)).map((row) => [row.key, row.createdAt, row.updatedAt])).toEqual([
      ['theme', NOW, NOW + 2],
      ['clock', NOW + 1, NOW + 1],
    ]);
    await deleteSetting(store, 'theme');
    expect(await getSetting(store, 'theme')).toBeUndefined();
  });

  it('cannot be written while locked', async () => {
    expect(await faultFrom(setSetting(await lockedStore(), 'theme', 'dark', NOW))).toMatchObject({ code: 'locked' });
  });
});

describe('the login at the relay', () => {
  it('is kept with a key that cannot be taken out, and read while locked', async () => {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new TypeError('not a pair');
    await saveRelayLogin(store, {
      accountId: account('ana'),
      deviceId: device('phone'),
      loginKey: pair.privateKey,
      registeredCertificate: new Uint8Array([1]),
      relayOrigin: 'https://relay.example',
    });
    const locked = await lockedStore(disk);
    const login = await loadRelayLogin(locked);
    expect(login).toMatchObject({ accountId: account('ana'), relayOrigin: 'https://relay.example' });
    expect(login?.loginKey.extractable).toBe(false);
    await deleteRelayLogin(locked);
    expect(await loadRelayLogin(store)).toBeUndefined();
  });
});

describe('security events', () => {
  const event = (eventType: string, severity: 'low' | 'high', at: number) => ({
    eventType,
    severity,
    description: `about ${eventType}`,
    at,
  });

  it('are recorded, listed newest first, and resolved', async () => {
    await recordSecurityEvent(store, event('failed-unlock', 'low', NOW + 1));
    await recordSecurityEvent(store, {
      ...event('forked', 'high', NOW + 2),
      userId: account('ana'),
      rawData: { epoch: 3 },
    });
    await recordSecurityEvent(store, event('failed-unlock', 'low', NOW + 3));
    const all = await listSecurityEvents(store);
    expect(all.map((row) => row.timestamp)).toEqual([NOW + 3, NOW + 2, NOW + 1]);
    expect((await store.securityEvents.orderBy('eventId').toArray()).map((row) => row.timestamp)).toEqual([
      NOW + 1,
      NOW + 2,
      NOW + 3,
    ]);
    expect((await listSecurityEvents(store, { severity: 'high' }))[0]).toMatchObject({
      rawData: { epoch: 3 },
      resolved: false,
    });
    expect(await listSecurityEvents(store, { limit: 1 })).toHaveLength(1);

    const forked = all[1]?.eventId ?? '';
    await resolveSecurityEvent(store, forked, 'rejoined', NOW + 9);
    expect(await store.securityEvents.get(forked)).toMatchObject({
      resolved: true,
      resolvedAt: NOW + 9,
      resolution: 'rejoined',
    });
    expect(await countUnresolved(store)).toBe(2);
    expect((await listSecurityEvents(store, { resolved: true })).map((row) => row.eventId)).toEqual([forked]);
    expect(await faultFrom(resolveSecurityEvent(store, 'x', '', NOW))).toMatchObject({ code: 'not-found' });
  });
});

describe('the audit log', () => {
  const write = (action: string, now: number, success = true) =>
    appendAudit(store, { eventType: 'unlock', action, success }, now);
  let rows: AuditLogRow[];

  beforeEach(async () => {
    rows = [];
    for (const [i, action] of ['one', 'two', 'three', 'four'].entries())
      rows.push(await write(action, NOW + i, i !== 1));
  });

  it('is a chain that holds', async () => {
    expect(new Set(rows.map((row) => row.previousHash)).size).toBe(4);
    expect(await verifyAudit(store)).toEqual({ intact: true });
    expect((await listAudit(store, { from: NOW + 1, to: NOW + 2 })).map((row) => row.action)).toEqual(['three', 'two']);
    expect(await countFailures(store, 'unlock', NOW)).toBe(1);
    expect(await countFailures(store, 'unlock', NOW + 2)).toBe(0);
  });

  it('stays in order when the clock is set back', async () => {
    await write('earlier by the clock', NOW - 5000);
    expect((await store.auditLog.orderBy('logId').last())?.action).toBe('earlier by the clock');
    expect(await verifyAudit(store)).toEqual({ intact: true });
  });

  it.each([
    ['the first', 0, 1],
    ['the middle', 1, 2],
    ['the last', 3, undefined],
  ])('shows that a row was taken from %s', async (_where, taken, follows) => {
    await onDisk(disk.indexedDB, 'auditLog', 'readwrite', (table) => table.delete(rows[taken]?.logId ?? ''));
    const at = follows === undefined ? 'end' : rows[follows]?.logId;
    expect(await verifyAudit(store)).toEqual({ intact: false, at });
  });

  it('shows that a clear column was altered', async () => {
    const raw = await onDisk(
      disk.indexedDB,
      'auditLog',
      'readonly',
      (table) => table.get(rows[1]?.logId ?? '') as IDBRequest<object>,
    );
    await onDisk(disk.indexedDB, 'auditLog', 'readwrite', (table) => table.put({ ...raw, success: 1 }));
    expect(await verifyAudit(store)).toEqual({ intact: false, at: rows[2]?.logId });
  });

  it('shows that the newest row was altered', async () => {
    const raw = await onDisk(
      disk.indexedDB,
      'auditLog',
      'readonly',
      (table) => table.get(rows[3]?.logId ?? '') as IDBRequest<object>,
    );
    await onDisk(disk.indexedDB, 'auditLog', 'readwrite', (table) => table.put({ ...raw, action: 'harmless' }));
    expect(await verifyAudit(store)).toEqual({ intact: false, at: 'end' });
  });

  it('loses its oldest rows to retention and still holds', async () => {
    expect(await pruneAudit(store, NOW + 2, NOW + 10)).toBe(2);
    expect(await verifyAudit(store)).toEqual({ intact: true });
    await onDisk(disk.indexedDB, 'auditLog', 'readwrite', (table) => table.delete(rows[2]?.logId ?? ''));
    expect(await verifyAudit(store)).toEqual({ intact: false, at: rows[3]?.logId });
  });

  it('holds when all rows have been pruned, and goes on from there', async () => {
    expect(await pruneAudit(store, NOW + 100, NOW + 100)).toBe(4);
    expect(await pruneAudit(store, NOW + 100, NOW + 100)).toBe(0);
    expect(await verifyAudit(store)).toEqual({ intact: true });
    await write('five', NOW + 200);
    expect(await verifyAudit(store)).toEqual({ intact: true });
  });

  it('is written in the transaction of what it tells about', async () => {
    await faultFrom(
      store.tx('rw', ['auditLog', 'settings', 'users'], async () => {
        await write('undone', NOW + 9);
        await store.users.add({} as never);
      }),
    );
    expect(await store.auditLog.count()).toBe(4);
    expect(await verifyAudit(store)).toEqual({ intact: true });
  });
});
