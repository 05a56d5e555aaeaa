import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { listAudit } from '../../src/lib/db/auditLog.ts';
import type { ConnectionState, VaultState } from '../../src/lib/services/client.ts';
import { accountOf, must, PASSPHRASE, world, type Person, type World } from './world.ts';

const HOUR = 3600_000;
let w: World;
afterEach(() => w.close());

/** Ana's group with Bo, in which both wrote. */
async function hike(): Promise<{ ana: Person; bo: Person; id: ConversationId }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await bo.knows(ana);
  const id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  await must(ana.client.sendText(id, 'from Ana'));
  await w.settle();
  await must(bo.client.sendText(id, 'from Bo'));
  await w.settle();
  return { ana, bo, id };
}

async function seen<T>(watch: (show: (value: T) => void) => Promise<() => void>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const stop = await watch(resolve);
  const value = await promise;
  stop();
  return value;
}

const connectionOf = ({ client }: Person) => seen<ConnectionState>((show) => client.watchConnection(show));
const accountItem = ({ client }: Person) =>
  seen((show: Parameters<typeof client.watchAccount>[0]) => client.watchAccount(show));
const membersOf = async (person: Person, id: ConversationId) =>
  (await person.view(id)).members.flatMap(({ name, pending }) => (pending === undefined ? [name] : [])).sort();
const databasesOf = async (person: Person) => (await person.storage.indexedDB.databases()).map(({ name }) => name);
const remove = (person: Person, scope: 'everywhere' | 'here' = 'everywhere', passphrase = PASSPHRASE) =>
  person.client.deleteAccount({ passphrase, scope });

describe('a deactivated account', () => {
  it('is reached by nobody and reaches nobody, until it is active again; nothing is lost', async () => {
    const { ana, bo, id } = await hike();
    await must(ana.client.setAccountActive(false));
    await ana.client.syncNow();
    expect(await connectionOf(ana)).toMatchObject({ link: 'offline', refusal: 'deactivated' });
    expect(await accountItem(ana)).toMatchObject({ isActive: false, groups: 1, otherDevices: 0 });
    expect((await listAudit(ana.store, { limit: 1 }))[0]).toMatchObject({ eventType: 'account', action: 'deactivate' });

    const next = await must(bo.client.createGroup({ name: 'Swim', people: [await accountOf(ana)] }));
    await must(bo.client.sendText(id, 'are you there?'));
    await must(ana.client.sendText(id, 'written meanwhile'));
    await w.settle();
    expect(await membersOf(bo, next)).toEqual(['Bo']);
    expect(await bo.texts('Hike')).not.toContain('written meanwhile');
    expect(await ana.texts('Hike')).not.toContain('are you there?');

    await must(ana.client.setAccountActive(true));
    await w.settle();
    expect(await connectionOf(ana)).toEqual({ link: 'online', waiting: 0, failed: 0 });
    expect(await bo.texts('Hike')).toContain('written meanwhile');
    expect(await ana.texts('Hike')).toContain('are you there?');
    expect(await accountItem(ana)).toMatchObject({ isActive: true });
  });

  it('comes back from any of its devices, unless the clock of that one is behind the last word', async () => {
    const { ana } = await hike();
    const phone = await w.secondDevice(ana);
    await w.settle();
    w.clock.advance(HOUR);
    await must(ana.client.setAccountActive(false));
    await phone.client.syncNow();
    expect(await connectionOf(phone)).toMatchObject({ link: 'offline', refusal: 'deactivated' });
    w.clock.advance(-2 * HOUR);
    expect(await phone.client.setAccountActive(true)).toMatchObject({ error: { code: 'status-overtaken' } });
    w.clock.advance(3 * HOUR);
    await must(phone.client.setAccountActive(true));
    await w.settle();
    expect((await connectionOf(ana)).link).toBe('online');
  });

  it('is none while there is no network', async () => {
    const { ana } = await hike();
    ana.network.isUp = false;
    expect(await ana.client.setAccountActive(false)).toMatchObject({ error: { code: 'network' } });
    expect(await accountItem(ana)).toMatchObject({ isActive: true });
  });
});

describe('a deleted account', () => {
  it('leaves its groups, and nothing on the device; what was written stays with the others', async () => {
    const { ana, bo, id } = await hike();
    const { name } = ana.storage;
    await must(remove(ana));
    expect(await databasesOf(ana)).not.toContain(name);
    const fresh = await ana.restart();
    await w.settle();
    expect(await membersOf(bo, id)).toEqual(['Bo']);
    expect(await bo.texts('Hike')).toEqual(['from Ana', 'from Bo']);

    expect(await seen<VaultState>((show) => fresh.watchVault(show))).toBe('none');
    await must(fresh.createAccount({ name: 'Ana again', passphrase: PASSPHRASE }));
    await w.settle();
    expect((await connectionOf(ana)).link).toBe('online');
  });

  it('is not brought back by a device that missed it, which is told, and can be cleared', async () => {
    const { ana } = await hike();
    const phone = await w.secondDevice(ana);
    await w.settle();
    expect(await accountItem(phone)).toMatchObject({ isActive: true });
    await must(remove(ana));
    await phone.client.syncNow();
    expect(await connectionOf(phone)).toMatchObject({ link: 'offline', refusal: 'deleted-account' });
    await must(remove(phone));
    expect(await databasesOf(phone)).toEqual([]);
  });

  it('is deleted also while it is deactivated, and again where the answer was lost', async () => {
    const { ana } = await hike();
    await must(ana.client.setAccountActive(false));
    ana.network.loseAnswerOf.add('delete');
    expect(await remove(ana)).toMatchObject({ error: { code: 'network' } });
    expect(await ana.texts('Hike')).toEqual(['from Ana', 'from Bo']);
    await must(remove(ana));
    expect(await databasesOf(ana)).toEqual([]);
  });

  it('needs the passphrase, and a network unless only the device is to be cleared', async () => {
    const { ana, bo, id } = await hike();
    const sent = ana.network.sent.length;
    expect(await remove(ana, 'everywhere', 'not this one')).toMatchObject({ error: { code: 'wrong-passphrase' } });
    expect(await remove(ana)).toMatchObject({ error: { code: 'too-soon' } });
    expect(ana.network.sent).toHaveLength(sent);
    w.clock.advance(1_000);

    ana.network.isUp = false;
    expect(await remove(ana)).toMatchObject({ error: { code: 'network' } });
    expect(await ana.texts('Hike')).toEqual(['from Ana', 'from Bo']);
    await must(remove(ana, 'here'));
    expect(await databasesOf(ana)).toEqual([]);
    await ana.restart();
    await w.settle();
    // The relay and the others know nothing of it.
    expect(await membersOf(bo, id)).toEqual(['Ana', 'Bo']);
  });
});
