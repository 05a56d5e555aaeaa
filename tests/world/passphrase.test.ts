import { IDBObjectStore } from 'fake-indexeddb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { listAudit, verifyAudit } from '../../src/lib/db/auditLog.ts';
import { tableNames, type TableName } from '../../src/lib/db/schema.ts';
import { keyOf, onDisk } from '../db/samples.ts';
import { must, PASSPHRASE, world, type Person, type World } from './world.ts';

const NEXT = 'battery staple horse';
let w: World;
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await w.close();
});

/** Ana with a conversation, offline and at rest. */
async function ana(): Promise<Person> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  const people = await must(ana.client.openDirect((await must(ana.client.addPerson(await bo.code()))).account));
  await must(ana.client.sendText(people, 'sealed before the change'));
  await w.settle();
  ana.network.isUp = false;
  return ana;
}

const change = (person: Person, current = PASSPHRASE, next = NEXT) => person.client.changePassphrase({ current, next });

describe('a changed passphrase', () => {
  it('opens what the old one sealed; the old one opens nothing any more', async () => {
    const person = await ana();
    await must(change(person));
    expect(await person.texts('Bo')).toEqual(['sealed before the change']);
    const locked = await person.restart();
    expect(await locked.unlock(PASSPHRASE)).toMatchObject({ ok: false, error: { code: 'wrong-passphrase' } });
    w.clock.advance(1_000);
    await must(locked.unlock(NEXT));
    expect(await person.texts('Bo')).toEqual(['sealed before the change']);
  });

  it('changes the row of the key on disk and no other, and the books tell of it', async () => {
    const person = await ana();
    const before = await diskOf(person);
    await must(change(person));
    const after = await diskOf(person);
    const changed = [...before].filter(([place, row]) => after.get(place) !== row).map(([place]) => place);
    const added = [...after.keys()].filter((place) => !before.has(place)).map((place) => place.split(' ')[0]);
    expect(changed).toEqual(['keyStore "database"']);
    // The ends of the audit log's chain lie in a setting.
    expect(added.sort()).toEqual(['auditLog', 'securityEvents', 'settings']);

    const [row] = await listAudit(person.store, { limit: 1 });
    expect(row).toMatchObject({ eventType: 'authentication', action: 'change-passphrase', success: true });
    expect(await verifyAudit(person.store)).toEqual({ intact: true });
    expect(await person.securityEvents()).toMatchObject([{ type: 'passphrase-changed', severity: 'medium' }]);
  });

  it('is wrapped with parameters of its own', async () => {
    const person = await ana();
    const kdf = async () => (await person.store.keyStore.get('database'))?.kdf;
    const before = await kdf();
    await must(change(person, PASSPHRASE, PASSPHRASE));
    const after = await kdf();
    expect(after?.['salt']).not.toEqual(before?.['salt']);
    expect(after).toMatchObject({ algorithm: 'argon2id', memoryKiB: 65_536, passes: 3 });
  });
});

describe('a passphrase that is not changed', () => {
  it('for a wrong current one, which counts like one at the lock', async () => {
    const person = await ana();
    expect(await change(person, 'not this one')).toMatchObject({ ok: false, error: { code: 'wrong-passphrase' } });
    expect(await change(person)).toMatchObject({ ok: false, error: { code: 'too-soon' } });
    const locked = await person.restart();
    expect(await locked.unlock(PASSPHRASE)).toMatchObject({ ok: false, error: { code: 'too-soon' } });
    w.clock.advance(1_000);
    await must(locked.unlock(PASSPHRASE));
    expect(await person.securityEvents()).toMatchObject([{ type: 'failed-unlock', description: '1' }]);

    expect(await change(person, 'nor this')).toMatchObject({ ok: false, error: { code: 'wrong-passphrase' } });
    w.clock.advance(1_000);
    await must(change(person));
    const events = await person.securityEvents();
    expect(events.map((event) => event.type)).toEqual(['passphrase-changed', 'failed-unlock', 'failed-unlock']);
    await must((await person.restart()).unlock(NEXT));
  });

  it('for a next one that is too short, or while locked', async () => {
    const person = await ana();
    const before = await diskOf(person);
    expect(await change(person, PASSPHRASE, 'short')).toMatchObject({ ok: false, error: { code: 'weak-passphrase' } });
    expect(await diskOf(person)).toEqual(before);
    const locked = await person.restart();
    const refused = await locked.changePassphrase({ current: PASSPHRASE, next: NEXT });
    expect(refused).toMatchObject({ ok: false, error: { code: 'locked' } });
  });

  it('by the slower of two tabs', async () => {
    const person = await ana();
    const tabs = [person.client, await person.openTab()];
    const results = await Promise.all(
      tabs.map((tab, i) => tab.changePassphrase({ current: PASSPHRASE, next: `${NEXT} ${i}` })),
    );
    expect(results.map((result) => (result.ok ? 'ok' : result.error.code)).sort()).toEqual(['ok', 'torn-state']);
    const winner = results.findIndex((result) => result.ok);
    await must((await person.restart()).unlock(`${NEXT} ${winner}`));
  });

  it('where the disk fails at any of its writes: the old one stays valid', async () => {
    // Argon2 is tried elsewhere; here the passphrase is derived some twenty times.
    vi.stubGlobal('WebAssembly', undefined);
    const person = await ana();
    const before = await diskOf(person);
    for (let failing = 1; ; failing++) {
      const writes = failAtWrite(failing);
      const changed = await change(person);
      writes.restore();
      if (changed.ok) {
        expect(failing).toBeGreaterThan(4);
        break;
      }
      expect(changed).toMatchObject({ error: { code: 'storage-full' } });
      expect(await diskOf(person)).toEqual(before);
    }
    await must((await person.restart()).unlock(NEXT));
  });
});

/** Every row as it lies on disk, by table and key. */
async function diskOf(person: Person): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for (const table of tableNames.filter((name) => !LIVELY.has(name))) {
    const all = await onDisk(person.storage.indexedDB, table, 'readonly', (store) => store.getAll());
    for (const row of all as Record<string, unknown>[]) {
      rows.set(`${table} ${JSON.stringify(keyOf(table, row))}`, spell(row));
    }
  }
  return rows;
}

/** Written in the background, whatever a person does. */
const LIVELY: ReadonlySet<TableName> = new Set(['performanceMetrics', 'usageStatistics']);

const spell = (row: unknown): string =>
  JSON.stringify(row, (_name, value: unknown) => (value instanceof Uint8Array ? [...value] : value));

/** Lets the disk be full at the nth write from now on. */
function failAtWrite(nth: number) {
  let count = 0;
  const full = () => {
    count++;
    if (count === nth) throw new DOMException('full', 'QuotaExceededError');
  };
  const spies = (['put', 'add'] as const).map((name) => {
    const write = IDBObjectStore.prototype[name];
    return vi.spyOn(IDBObjectStore.prototype, name).mockImplementation(function (this: IDBObjectStore, ...args) {
      full();
      return write.apply(this, args);
    });
  });
  return { restore: () => spies.forEach((spy) => spy.mockRestore()) };
}
