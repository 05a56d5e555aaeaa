import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import type { Notice } from '../../src/lib/services/client.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

/** Ana's group with everybody in it. */
async function groupOf(...names: string[]): Promise<{ id: ConversationId; people: Person[] }> {
  w = await world();
  const people: Person[] = [];
  for (const name of names) people.push(await w.person(name));
  for (const person of people) await person.knows(...people.filter((other) => other !== person));
  await w.settle();
  const [ana, ...others] = people as [Person, ...Person[]];
  const accounts = await Promise.all(others.map(accountOf));
  const id = await must(ana.client.createGroup({ name: 'Hike', people: accounts }));
  await w.settle();
  return { id, people };
}

const rolesOf = async (person: Person, id: ConversationId) =>
  Object.fromEntries((await person.view(id)).members.map(({ name, role }) => [name, role]));

const setRole = async (by: Person, id: ConversationId, whom: Person, role: 'owner' | 'admin' | 'moderator' | 'guest') =>
  must(by.client.setRole(id, await accountOf(whom), role));

const noticesOf = async (person: Person, title = 'Hike'): Promise<Notice[]> =>
  (await person.messages(title)).flatMap((message) => message.notice ?? []);

const offline = (...people: Person[]) => people.forEach((person) => (person.network.isUp = false));

/** Comes online one after the other, so that who is first is known. */
async function online(...people: Person[]): Promise<void> {
  for (const person of people) {
    person.network.isUp = true;
    await person.client.syncNow();
  }
  await w.settle();
}

/** Everybody holds the same epoch, roster and name. */
async function expectEqual(id: ConversationId, people: readonly Person[]): Promise<void> {
  const seen = await Promise.all(
    people.map(async (person) => {
      const view = await person.view(id);
      const members = view.members.map(({ account, role, pending }) => ({ account, role, pending }));
      members.sort((a, b) => (a.account < b.account ? -1 : 1));
      return { epoch: view.epoch, title: view.title, details: view.details, members };
    }),
  );
  for (const one of seen) {
    expect({ ...one, details: undefined }).toEqual({ ...seen[0], details: undefined });
    expect(one.details?.description).toBe(seen[0]?.details?.description);
    expect(one.details?.maxMembers).toBe(seen[0]?.details?.maxMembers);
  }
}

const failures = async (person: Person) =>
  (await person.store.offlineOperations.toArray())
    .filter((row) => row.status === 'failed')
    .map((row) => [row.operationType, row.errorMessage])
    .sort();

describe('a change made offline', () => {
  it('shows as pending, and is everybody’s once its maker is back, in words', async () => {
    const { id, people } = await groupOf('Ana', 'Bo', 'Cy');
    const [ana, bo, cy] = people as [Person, Person, Person];
    offline(ana);
    await must(ana.client.changeGroup(id, { name: 'Walk', description: 'on Sunday', maxMembers: 5 }));
    await setRole(ana, id, bo, 'admin');
    const pending = await ana.view(id);
    expect(pending.details?.pending).toEqual({ name: 'Walk', description: 'on Sunday', maxMembers: 5 });
    expect(pending.members.find(({ name }) => name === 'Bo')).toMatchObject({ pending: 'role', nextRole: 'admin' });
    expect(pending.title).toBe('Hike');
    await w.settle();
    expect((await bo.view(id)).title).toBe('Hike');
    await online(ana);
    await expectEqual(id, people);
    expect((await cy.view(id)).details).toMatchObject({ description: 'on Sunday', maxMembers: 5, pending: {} });
    expect(await rolesOf(cy, id)).toEqual({ Ana: 'owner', Bo: 'admin', Cy: 'member' });
    expect((await noticesOf(cy, 'Walk')).slice(1)).toEqual([
      { what: 'renamed', by: 'Ana', name: 'Walk' },
      { what: 'described', by: 'Ana' },
      { what: 'settings', by: 'Ana' },
      { what: 'role', by: 'Ana', who: ['Bo'], role: 'admin' },
    ]);
    expect((await noticesOf(ana, 'Walk')).at(-1)).toMatchObject({ by: '' });
  });

  it('that the role does not allow is refused at once', async () => {
    const { id, people } = await groupOf('Ana', 'Bo', 'Cy');
    const [, bo, cy] = people as [Person, Person, Person];
    const refused = { ok: false, error: { code: 'not-allowed' } };
    expect(await bo.client.changeGroup(id, { name: 'Mine' })).toMatchObject(refused);
    expect(await bo.client.removePerson(id, await accountOf(cy))).toMatchObject(refused);
    expect(await bo.client.setRole(id, await accountOf(bo), 'owner')).toMatchObject(refused);
    expect(await bo.client.transferOwnership(id, await accountOf(cy))).toMatchObject(refused);
    const [ana] = people as [Person];
    expect(await ana.client.setRole(id, await accountOf(ana), 'member')).toMatchObject({
      error: { code: 'last-owner' },
    });
    expect(await ana.client.changeGroup(id, { maxMembers: 2 })).toMatchObject({ error: { code: 'group-full' } });
    expect(await ana.client.changeGroup(id, { name: ' ' })).toMatchObject({ error: { code: 'bad-name' } });
  });

  it('that is not allowed any more ends with its reason', async () => {
    const { id, people } = await groupOf('Ana', 'Bo', 'Cy');
    const [ana, bo, cy] = people as [Person, Person, Person];
    await setRole(ana, id, bo, 'admin');
    await w.settle();
    offline(bo);
    await must(bo.client.changeGroup(id, { name: 'Bo’s' }));
    await setRole(bo, id, cy, 'moderator');
    await must(ana.client.setRole(id, await accountOf(bo), 'member'));
    await w.settle();
    await online(bo);
    expect(await failures(bo)).toEqual([
      ['role', 'not-allowed'],
      ['settings', 'not-allowed'],
    ]);
    await expectEqual(id, [ana, cy]);
    expect(await rolesOf(cy, id)).toEqual({ Ana: 'owner', Bo: 'member', Cy: 'member' });
  });
});

describe('a removal', () => {
  it('beats an invitation from before it, and gives way to one from after it', async () => {
    const { id, people } = await groupOf('Ana', 'Bo', 'Cy');
    const [ana, bo, cy] = people as [Person, Person, Person];
    await setRole(ana, id, bo, 'admin');
    await w.settle();
    // Bo, offline, takes Cy out and back in; meanwhile Ana removes Cy.
    offline(bo);
    await must(bo.client.removePerson(id, await accountOf(cy)));
    await must(bo.client.addPeople(id, [await accountOf(cy)]));
    await must(ana.client.removePerson(id, await accountOf(cy)));
    await w.settle();
    await online(bo);
    expect(await failures(bo)).toEqual([['add', 'removed-meanwhile']]);
    expect(await rolesOf(ana, id)).toEqual({ Ana: 'owner', Bo: 'admin' });
    expect((await cy.view(id)).canSend).toBe(false);
    // The person decides again, knowing.
    const [failed] = await bo.store.offlineOperations.toArray();
    await must(bo.client.retry(failed?.id ?? ''));
    await w.settle();
    await expectEqual(id, people);
    await must(cy.client.sendText(id, 'back again'));
    await w.settle();
    expect((await ana.texts('Hike')).at(-1)).toBe('back again');
  });

  it('and an addition while somebody was away leave them in, with one history', async () => {
    const { id, people } = await groupOf('Ana', 'Bo', 'Cy');
    const [ana, bo, cy] = people as [Person, Person, Person];
    offline(cy);
    await must(ana.client.removePerson(id, await accountOf(cy)));
    await w.settle();
    await must(ana.client.addPeople(id, [await accountOf(cy)]));
    await w.settle();
    await must(bo.client.sendText(id, 'hello again'));
    await w.settle();
    await online(cy);
    await expectEqual(id, people);
    expect(await cy.texts('Hike')).toEqual(['hello again']);
    const what = (await noticesOf(cy)).map((notice) => notice.what);
    expect(what).toEqual(['joined', 'removed', 'joined']);
  });

  it('of each other by two owners leaves the one who was first; two admins can’t', async () => {
    const { id, people } = await groupOf('Ana', 'Bo', 'Cy');
    const [ana, bo, cy] = people as [Person, Person, Person];
    await setRole(ana, id, bo, 'admin');
    await setRole(ana, id, cy, 'admin');
    await w.settle();
    expect(await bo.client.removePerson(id, await accountOf(cy))).toMatchObject({ error: { code: 'not-allowed' } });
    await setRole(ana, id, bo, 'owner');
    await w.settle();
    offline(ana, bo);
    await must(ana.client.removePerson(id, await accountOf(bo)));
    await must(bo.client.removePerson(id, await accountOf(ana)));
    await online(bo, ana);
    await expectEqual(id, [bo, cy]);
    expect(await rolesOf(cy, id)).toEqual({ Bo: 'owner', Cy: 'admin' });
    expect((await ana.view(id)).isMember).toBe(false);
    expect(await failures(ana)).toEqual([['remove', 'not-a-member']]);
    expect((await noticesOf(ana)).at(-1)).toEqual({ what: 'removed', by: 'Bo', who: [''] });
  });
});

describe('whoever leaves', () => {
  it('as the last owner leaves the group to its heir, and is told about it first', async () => {
    const { id, people } = await groupOf('Ana', 'Bo', 'Cy');
    const [ana, bo, cy] = people as [Person, Person, Person];
    await setRole(ana, id, cy, 'moderator');
    await w.settle();
    expect((await ana.view(id)).details?.heir).toBe('Cy');
    expect((await bo.view(id)).details?.heir).toBeUndefined();
    offline(bo, cy);
    await must(ana.client.leaveGroup(id));
    await w.settle();
    // Nobody was there to let Ana go: it waits, and Ana can see it.
    expect((await ana.store.offlineOperations.toArray()).map((row) => row.operationType)).toEqual(['leave']);
    await online(bo, cy);
    await expectEqual(id, [bo, cy]);
    expect(await rolesOf(bo, id)).toEqual({ Bo: 'member', Cy: 'owner' });
    expect((await noticesOf(bo)).slice(-2)).toEqual([
      { what: 'left', who: ['Ana'] },
      { what: 'inherited', who: ['Cy'] },
    ]);
    expect((await ana.view(id)).isMember).toBe(false);
    expect(await ana.waiting()).toBe(0);
  });

  it('can hand the group over before', async () => {
    const { id, people } = await groupOf('Ana', 'Bo');
    const [ana, bo] = people as [Person, Person];
    await must(ana.client.transferOwnership(id, await accountOf(bo)));
    await w.settle();
    expect(await rolesOf(bo, id)).toEqual({ Ana: 'admin', Bo: 'owner' });
    await must(bo.client.leaveGroup(id));
    await must(ana.client.leaveGroup(id));
    await w.settle();
    // Both leave at once: one lets the other go, and then goes alone.
    expect([(await ana.view(id)).isMember, (await bo.view(id)).isMember]).toEqual([false, false]);
    expect(await ana.waiting()).toBe(0);
    expect(await bo.waiting()).toBe(0);
  });
});

describe('ten people who change the group at once while offline', () => {
  it('end with the same group, each with their change or a reason', async () => {
    const names = ['Ana', 'Bo', 'Cy', 'Di', 'Ed', 'Fa', 'Gu', 'Ho', 'Io', 'Ju'];
    const { id, people } = await groupOf(...names);
    const [ana, ...others] = people as [Person, ...Person[]];
    const admins = others.slice(0, 4);
    for (const admin of admins) await setRole(ana, id, admin, 'admin');
    await setRole(ana, id, people[9] as Person, 'guest');
    await w.settle();
    offline(...people);
    await must(ana.client.changeGroup(id, { name: 'Ana’s' }));
    await must((people[1] as Person).client.changeGroup(id, { name: 'Bo’s', description: 'b' }));
    await setRole(people[2] as Person, id, people[5] as Person, 'moderator');
    await must((people[3] as Person).client.removePerson(id, await accountOf(people[5] as Person)));
    await must((people[4] as Person).client.removePerson(id, await accountOf(people[6] as Person)));
    await must((people[5] as Person).client.leaveGroup(id));
    await must((people[6] as Person).client.sendText(id, 'from Gu'));
    await must((people[7] as Person).client.leaveGroup(id));
    await must((people[8] as Person).client.sendText(id, 'from Io'));
    // The guest is promoted while away.
    await setRole(people[1] as Person, id, people[9] as Person, 'moderator');
    for (const person of people) person.network.isUp = true;
    await Promise.all(people.map((person) => person.client.syncNow()));
    await w.settle();

    const left = people.filter((_, i) => ![5, 6, 7].includes(i));
    await expectEqual(id, left);
    expect(Object.keys(await rolesOf(ana, id)).sort()).toEqual(['Ana', 'Bo', 'Cy', 'Di', 'Ed', 'Io', 'Ju']);
    expect((await rolesOf(ana, id))['Ju']).toBe('moderator');
    expect(['Ana’s', 'Bo’s']).toContain((await ana.view(id)).title);
    const lines = await Promise.all(left.map(async (person) => (await person.view(id)).messages));
    for (const one of lines) expect(one.map(({ text }) => text)).toContain('from Io');
    for (const person of people) {
      expect((await person.store.offlineOperations.toArray()).filter((row) => row.status !== 'failed')).toEqual([]);
    }
  }, 240_000);
});

describe('somebody who can’t be reached yet', () => {
  it('is added later, and holds up nobody’s messages meanwhile', async () => {
    const { id, people } = await groupOf('Ana', 'Bo');
    const [ana, bo] = people as [Person, Person];
    const cy = await w.person('Cy');
    offline(cy);
    await ana.knows(cy);
    await must(ana.client.addPeople(id, [await accountOf(cy)]));
    await w.settle();
    await must(ana.client.sendText(id, 'we go on'));
    await w.settle();
    expect(await bo.texts('Hike')).toEqual(['we go on']);
    expect((await ana.view(id)).members.find(({ name }) => name === 'Cy')?.pending).toBe('adding');
    await online(cy);
    await expectEqual(id, [ana, bo, cy]);
  });
});
