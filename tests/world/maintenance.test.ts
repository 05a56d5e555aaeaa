import { afterEach, describe, expect, it } from 'vitest';
import type { Result } from '../../src/lib/core/result.ts';
import type { CheckState } from '../../src/lib/services/client.ts';
import { watchRoom, withRoom } from '../../src/lib/services/room.ts';
import { keyPackagesByStatus, reserveKeyPackage } from '../../src/lib/db/keyPackages.ts';
import { newestMetrics } from '../../src/lib/db/measures.ts';
import { searchCoverage } from '../../src/lib/db/search/rebuild.ts';
import { onDisk } from '../db/samples.ts';
import { accountOf, must, PASSPHRASE, until, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

async function hike() {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await w.settle();
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await must(ana.client.sendText(id, 'hello'));
  await w.settle();
  return { ana, bo, id };
}

const checked = (person: Person): Promise<CheckState> =>
  new Promise((resolve) => {
    void person.client.watchIntegrity((state) => {
      if (state.step !== 'running') resolve(state);
    });
  });

describe('the integrity check', () => {
  it('finds nothing in a store that the app has used', async () => {
    const { ana, bo } = await hike();
    expect(await checked(ana)).toMatchObject({ step: 'done', findings: [] });
    expect(await checked(bo)).toMatchObject({ step: 'done', findings: [] });
  });

  it('and repair give a damaged group and its members back from what the group itself says', async () => {
    const { ana, id } = await hike();
    const groupId = (await ana.store.groups.toArray())[0]?.groupId ?? '';
    await damage(ana, 'conversations', id);
    await damage(ana, 'groups', groupId);
    await damage(ana, 'groupMembers', [groupId, await accountOf(ana)]);

    const found = await checked(ana);
    if (found.step !== 'done') throw new Error(found.step);
    expect(found.findings.map(({ kind, table }) => [kind, table])).toEqual([
      ['seal-damaged', 'conversations'],
      ['seal-damaged', 'groups'],
      ['seal-damaged', 'groupMembers'],
    ]);
    expect(await must(ana.client.repairStorage(found.findings))).toMatchObject({ left: [], quarantined: 3 });
    expect(await checked(ana)).toMatchObject({ step: 'done', findings: [] });
    expect(await ana.texts('Hike')).toEqual(['hello']);
    const view = await ana.view(id);
    expect(view.members.map(({ name }) => name).sort()).toEqual(['Ana', 'Bo']);
    expect((await must(ana.client.storage())).quarantined).toBe(3);
  });

  it('is told in the audit log, and a log that was tampered with in the security events, once', async () => {
    const { ana } = await hike();
    await tamper(ana);
    for (let i = 0; i < 2; i++) await checked(ana);
    expect((await ana.securityEvents()).map(({ type }) => type)).toEqual(['audit-broken']);
    const failures = await must(ana.client.auditLog({ limit: 10, onlyFailures: true }));
    expect(failures.map(({ action }) => action)).toEqual(['integrity-check', 'integrity-check']);
    const lines = (await must(ana.client.exportAuditLog())).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { action: string }).action)).toContain('integrity-check');
  });
});

describe('a damaged record', () => {
  it('stops neither the app nor the list it is left out of, and the person is told', async () => {
    const { ana, bo, id } = await hike();
    await must(ana.client.openDirect(await accountOf(bo)));
    await damage(ana, 'conversations', id);
    await ana.restart();
    await must(ana.client.unlock(PASSPHRASE));
    expect((await ana.conversation('Bo')).title).toBe('Bo');
    w.clock.advance(3 * 60_000);
    await until(ana.store, async () => (await ana.store.securityEvents.count()) === 1);
    expect((await ana.securityEvents()).map(({ type }) => type)).toEqual(['damaged-record']);
  });
});

describe('a security event', () => {
  it('is resolved with a note, and not without', async () => {
    const { ana } = await hike();
    await tamper(ana);
    await checked(ana);
    const [event] = await ana.securityEvents();
    const id = event?.id ?? '';
    expect(codeOf(await ana.client.resolveSecurityEvent(id, '  '))).toBe('empty');
    expect(codeOf(await ana.client.resolveSecurityEvent('nobody', 'note'))).toBe('not-found');
    await must(ana.client.resolveSecurityEvent(id, 'It was me.'));
    expect(await ana.securityEvents()).toMatchObject([{ resolution: 'It was me.' }]);
  });
});

describe('the search index', () => {
  it('is made anew on wish; what it covers is told, and what a search took is noted', async () => {
    const { ana, id } = await hike();
    await made(ana);
    await must(ana.client.rebuildSearch());
    expect(await searchCoverage(ana.store)).toMatchObject({ indexed: 0 });
    await made(ana);
    const { hits } = await must(ana.client.search('hello', { conversations: [id] }));
    expect(hits).toHaveLength(1);
    w.clock.advance(10_000);
    await until(ana.store, async () => (await newestMetrics(ana.store, 'search', 1)).length === 1);
  });
});

describe('in idle time', () => {
  it('a key package whose reservation lapsed comes back to the pool', async () => {
    const { ana } = await hike();
    const row = (await keyPackagesByStatus(ana.store, 'available')).find(({ isLastResort }) => !isLastResort);
    if (row === undefined) throw new Error('no key package');
    const reservation = { id: 'r', by: await accountOf(ana), expiresAt: w.clock.now() + 60_000 };
    await reserveKeyPackage(ana.store, row.ref, reservation, w.clock.now());
    await ana.restart();
    await must(ana.client.unlock(PASSPHRASE));
    const status = async () => {
      // What runs in idle time is loaded a while after unlocking.
      w.clock.advance(60_000);
      return (await ana.store.keyPackages.get(row.ref))?.status;
    };
    await expect.poll(status).not.toBe('reserved');
    expect(await status()).toBe('available');
  });
});

describe('policies, upgrades and room', () => {
  it('are shown and set', async () => {
    const { ana } = await hike();
    await must(ana.client.setRetention('auditLog', { days: 7 }));
    await must(ana.client.setRetention('auditLog', { isEnabled: false }));
    const policies = await must(ana.client.retention());
    expect(policies.find(({ table }) => table === 'auditLog')).toEqual({
      table: 'auditLog',
      days: 7,
      isEnabled: false,
    });
    expect(codeOf(await ana.client.setRetention('auditLog', { days: 0 }))).toBe('constraint');
    expect(await must(ana.client.upgrades())).toMatchObject([{ success: true }]);
    const { tables } = await must(ana.client.storage());
    expect(tables.find(({ name }) => name === 'keyPackages')?.rows).toBeGreaterThan(40);
    const sizes = tables.map(({ bytes }) => bytes);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  it('leave a nearly full device readable, with nothing new written on it', async () => {
    const { ana, bo, id } = await hike();
    const estimate = { usage: 10, quota: 1_000_000_000 };
    const device = { estimate: () => Promise.resolve({ ...estimate }), isPersisted: () => Promise.resolve(false) };
    const client = withRoom(ana.client, device, w.clock);
    const told: boolean[] = [];
    const stop = watchRoom(device, w.clock, (isFull) => told.push(isFull));
    const first = await must(client.sendText(id, 'there is room'));
    estimate.usage = 960_000_000;
    w.clock.advance(60_000);
    expect(codeOf(await client.sendText(id, 'there is none'))).toBe('storage-full');
    const contents = [
      client.createGroup({ name: 'More', people: [] }),
      client.changeGroup(id, { name: 'More' }),
      client.sendText(id, 'an answer in a thread', { parent: first }),
      client.editMessage(first, 'edited'),
      client.react(first, '👍'),
      client.pin(first),
      client.makeBackup({ type: 'full', passphrase: PASSPHRASE }),
    ];
    for (const refused of await Promise.all<Result<unknown>>(contents)) expect(codeOf(refused)).toBe('storage-full');
    expect(told).toEqual([false, true]);
    stop();
    await must(client.removePerson(id, await accountOf(bo)));
    expect(await ana.texts('Hike')).toEqual(['hello', 'there is room']);
    estimate.usage = 10;
    w.clock.advance(60_000);
    await must(client.openDirect((await ana.store.contacts.toArray())[0]?.contactId as never));
  });
});

/** Takes the newest row of the audit log. */
async function tamper(person: Person): Promise<void> {
  await person.restart();
  await must(person.client.unlock(PASSPHRASE));
  const [first] = await must(person.client.auditLog({ limit: 1 }));
  await onDisk(person.storage.indexedDB, 'auditLog', 'readwrite', (rows) => rows.delete(first?.id ?? ''));
}

async function damage(person: Person, table: string, key: IDBValidKey): Promise<void> {
  const disk = person.storage.indexedDB;
  const row = await onDisk(disk, table, 'readonly', (rows) => rows.get(key) as IDBRequest<object>);
  await onDisk(disk, table, 'readwrite', (rows) => rows.put({ ...row, $sealed: new Uint8Array(40) }));
}

/** Lets the time pass that the index takes until it holds everything. */
async function made({ store }: Person): Promise<void> {
  for (;;) {
    const { indexed, known } = await searchCoverage(store);
    if (indexed > 0 && indexed === known) return;
    w.clock.advance(2_000);
  }
}

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error.code);
