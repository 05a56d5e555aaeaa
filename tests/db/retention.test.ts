import { beforeEach, describe, expect, it } from 'vitest';
import { appendAudit, auditTypes, listAudit, verifyAudit } from '../../src/lib/db/auditLog.ts';
import { dateOf, newestMetrics, recordMeasures, usageSince } from '../../src/lib/db/measures.ts';
import { importMessages } from '../../src/lib/db/messages/importMessages.ts';
import { nothingHangs } from '../../src/lib/db/messages/whole.ts';
import { listPolicies, runRetention, setPolicy } from '../../src/lib/db/retention.ts';
import { listSecurityEvents, recordSecurityEvent, resolveSecurityEvent } from '../../src/lib/db/security.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, conversation, faultFrom, meetAna, message, messageRow, NOW } from './fixtures.ts';

const DAY = 24 * 60 * 60_000;
let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
});

describe('figures about this device', () => {
  it('add up by day and keep single measurements', async () => {
    const unlock = { name: 'unlock', value: 420, unit: 'ms', category: 'vault' };
    await recordMeasures(store, [{ ...unlock, at: NOW }], new Map([['messages-sent', 2]]), NOW);
    await recordMeasures(store, [{ ...unlock, value: 400, at: NOW + 1 }], new Map([['messages-sent', 3]]), NOW + 1);
    await recordMeasures(store, [], new Map([['messages-sent', 1]]), NOW + DAY);
    expect(await usageSince(store, NOW)).toEqual([
      { date: dateOf(NOW), metric: 'messages-sent', value: 5 },
      { date: dateOf(NOW + DAY), metric: 'messages-sent', value: 1 },
    ]);
    expect(await usageSince(store, NOW + DAY)).toHaveLength(1);
    expect((await newestMetrics(store, 'unlock', 5)).map((row) => row.metricValue)).toEqual([400, 420]);
    expect(await newestMetrics(store, 'search', 5)).toEqual([]);
  });
});

describe('the types in the audit log', () => {
  it('are each told once', async () => {
    expect(await auditTypes(store)).toEqual([]);
    for (const eventType of ['vault', 'backup', 'vault'])
      for (const success of [true, false]) await appendAudit(store, { eventType, action: 'a', success }, NOW);
    expect(await auditTypes(store)).toEqual(['backup', 'vault']);
  });
});

describe('retention', () => {
  it('keeps the audit log a year unless a person says otherwise', async () => {
    const byTable = async () => Object.fromEntries((await listPolicies(store)).map((one) => [one.tableName, one]));
    expect((await byTable())['auditLog']).toEqual({ tableName: 'auditLog', retentionDays: 365, cleanupEnabled: true });
    await setPolicy(store, 'auditLog', { retentionDays: 30 });
    await setPolicy(store, 'auditLog', { cleanupEnabled: false });
    expect((await byTable())['auditLog']).toMatchObject({ retentionDays: 30, cleanupEnabled: false });
    expect(await faultFrom(setPolicy(store, 'auditLog', { retentionDays: 0 }))).toMatchObject({ code: 'constraint' });
    expect(await faultFrom(setPolicy(store, 'contacts', { retentionDays: 9 }))).toMatchObject({ code: 'not-found' });
  });

  it('takes what is older and leaves the rest, notes it, and the chain of the audit log still holds', async () => {
    for (const days of [400, 366, 364, 0])
      await appendAudit(store, { eventType: 'test', action: `${days}`, success: true }, NOW - days * DAY);
    await recordMeasures(store, [metric(31), metric(29)], new Map([['m', 1]]), NOW - 366 * DAY);
    await recordMeasures(store, [], new Map([['m', 1]]), NOW);
    await operation('old', 'done', 31);
    await operation('old but running', 'running', 31);
    await operation('new', 'failed', 29);

    expect(await runRetention(store, NOW)).toEqual(
      new Map([
        ['auditLog', 2],
        ['performanceMetrics', 1],
        ['usageStatistics', 1],
        ['syncOperations', 1],
      ]),
    );
    const told = await listAudit(store);
    expect(told.filter(({ eventType }) => eventType === 'test').map(({ action }) => action)).toEqual(['0', '364']);
    expect(told.find(({ resourceType }) => resourceType === 'auditLog')).toMatchObject({
      action: 'retention',
      details: { deleted: 2, retentionDays: 365 },
    });
    expect(await verifyAudit(store)).toEqual({ intact: true });
    expect((await store.syncOperations.toArray()).map(({ id }) => id).sort()).toEqual(['new', 'old but running']);
  });

  it('never takes a security event that nobody dealt with', async () => {
    const event = { eventType: 'fork', severity: 'high', description: 'group', at: NOW - 400 * DAY } as const;
    await recordSecurityEvent(store, event);
    await recordSecurityEvent(store, event);
    const [first] = await listSecurityEvents(store);
    await resolveSecurityEvent(store, first?.eventId ?? '', 'spoke with Bo', NOW);
    await runRetention(store, NOW);
    expect(await listSecurityEvents(store)).toMatchObject([{ resolved: false }]);
  });

  it('takes messages only where a person wants that, and never what still waits to be sent', async () => {
    await meetAna(store);
    const at = (days: number) => ({
      sortKey: `${(NOW - days * DAY).toString(16).padStart(12, '0')}0000-device`,
      timestamp: NOW - days * DAY,
    });
    await importMessages(store, conversation('ana'), [
      { ...nothingHangs(), row: messageRow('ana', 'old', 0, at(31)) },
      { ...nothingHangs(), row: messageRow('ana', 'waits', 0, { ...at(30.5), isOutgoing: true, status: 'queued' }) },
      { ...nothingHangs(), row: messageRow('ana', 'new', 0, at(29)) },
    ]);
    await setPolicy(store, 'messages', { retentionDays: 30 });
    expect((await runRetention(store, NOW)).size).toBe(0);
    await setPolicy(store, 'messages', { cleanupEnabled: true });
    expect(await runRetention(store, NOW)).toEqual(new Map([['messages', 1]]));
    expect((await store.messages.toArray()).map(({ id }) => id)).toEqual([message('waits'), message('new')]);
    const [told] = await listAudit(store);
    expect(told).toMatchObject({ action: 'retention', resourceType: 'messages', details: { deleted: 1 } });
  });

  it('runs by itself once a day, by hand at any time, and not where it is switched off', async () => {
    await setPolicy(store, 'syncOperations', { cleanupEnabled: false });
    await operation('old', 'done', 31);
    expect((await runRetention(store, NOW)).size).toBe(0);
    await setPolicy(store, 'syncOperations', { cleanupEnabled: true });
    expect((await runRetention(store, NOW, { onlyDue: true })).get('syncOperations')).toBe(1);
    await operation('old', 'done', 31);
    expect((await runRetention(store, NOW + DAY - 1, { onlyDue: true })).size).toBe(0);
    expect((await runRetention(store, NOW + DAY - 1)).get('syncOperations')).toBe(1);
  });
});

const metric = (days: number) => ({ name: 'sync', value: 1, unit: 'ms', at: NOW - days * DAY });

const operation = (id: string, status: 'running' | 'done' | 'failed', days: number) =>
  store.syncOperations.add({
    id,
    userId: account('ana'),
    deviceId: 'd' as never,
    operationType: 'push',
    resourceType: 'conversation',
    resourceId: 'c',
    status,
    createdAt: NOW - days * DAY,
  });
