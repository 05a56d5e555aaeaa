import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import type { Notice } from '../../src/lib/services/client.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

/** People who need not know each other: a link is all that the others get. */
async function strangers(...names: string[]): Promise<Person[]> {
  w = await world({ seed: `kinds/${expect.getState().currentTestName ?? ''}` });
  const people: Person[] = [];
  for (const name of names) people.push(await w.person(name));
  await w.settle();
  return people;
}

const linkOf = async (person: Person, id: ConversationId): Promise<string> =>
  (await must(person.client.joinLink(id))) ?? expect.fail('no link');

const namesIn = async (person: Person, id: ConversationId) =>
  (await person.view(id)).members.map(({ name, role }) => `${name} ${role}`).sort();

const noticesOf = async (person: Person, id: ConversationId): Promise<Notice[]> =>
  (await person.view(id)).messages.flatMap((message) => message.notice ?? []);

const failures = async (person: Person) =>
  (await person.store.offlineOperations.toArray())
    .filter((row) => row.status === 'failed')
    .map((row) => [row.operationType, row.errorMessage]);

const say = async (person: Person, id: ConversationId, text: string) => {
  await must(person.client.sendText(id, text));
  await w.settle();
};

const textsIn = async (person: Person, id: ConversationId) =>
  (await person.view(id)).messages.filter(({ type }) => type === 'text').map(({ text }) => text);

describe('a public group', () => {
  it('is joined by link: looked at, joined, and read from then on by everybody', async () => {
    const [ana, bo, cy] = (await strangers('Ana', 'Bo', 'Cy')) as [Person, Person, Person];
    const id = await must(ana.client.createGroup({ name: 'Choir', people: [], kind: 'public' }));
    await w.settle();
    await say(ana, id, 'nobody is here yet');
    const link = await linkOf(ana, id);
    expect((await ana.view(id)).details).toMatchObject({ kind: 'public', link: 'open' });

    const seen = await must(bo.client.lookAtLink(link));
    expect(seen).toEqual({
      conversation: id,
      name: 'Choir',
      description: '',
      people: 1,
      isFull: false,
      isMember: false,
    });
    await must(bo.client.joinGroup(link, { name: seen.name }));
    await w.settle();
    expect(await namesIn(ana, id)).toEqual(['Ana owner', 'Bo member']);
    expect(await namesIn(bo, id)).toEqual(['Ana owner', 'Bo member']);
    expect((await noticesOf(ana, id)).at(-1)).toEqual({ what: 'arrived', who: ['Bo'] });
    expect((await noticesOf(bo, id)).at(-1)).toEqual({ what: 'arrived', who: [''] });

    // A link is anybody's who has it: Bo hands it on.
    await must(cy.client.joinGroup(`https://relay.test/join#${await linkOf(bo, id)}`, {}));
    await w.settle();
    for (const person of [ana, bo, cy]) await say(person, id, `from ${person.name}`);
    const all = ['from Ana', 'from Bo', 'from Cy'];
    expect(await textsIn(ana, id)).toEqual(['nobody is here yet', ...all]);
    expect(await textsIn(bo, id)).toEqual(all);
    expect(await textsIn(cy, id)).toEqual(all);
    expect((await cy.view(id)).title).toBe('Choir');
    expect(await must(cy.client.lookAtLink(link))).toMatchObject({ isMember: true, people: 3 });
    for (const person of [ana, bo, cy]) expect(await person.securityEvents()).toEqual([]);
  });

  it('is joined from offline once there is a network, and joined twice it is joined once', async () => {
    const [ana, bo] = (await strangers('Ana', 'Bo')) as [Person, Person];
    const id = await must(ana.client.createGroup({ name: 'Choir', people: [], kind: 'public' }));
    await w.settle();
    const link = await linkOf(ana, id);
    bo.network.isUp = false;
    await must(bo.client.joinGroup(link, {}));
    await must(bo.client.joinGroup(link, {}));
    await must(bo.client.sendText(id, 'written before'));
    await w.settle();
    expect(await bo.view(id)).toMatchObject({ isPending: true, title: '' });
    expect((await failures(bo)).length).toBe(0);
    bo.network.isUp = true;
    await w.settle();
    expect(await bo.view(id)).toMatchObject({ isPending: false, title: 'Choir' });
    expect(await textsIn(ana, id)).toEqual(['written before']);
    await must(bo.client.joinGroup(link, {}));
    await w.settle();
    expect(await namesIn(ana, id)).toEqual(['Ana owner', 'Bo member']);
  });

  it('lets several in at the same moment, one after the other', async () => {
    const people = await strangers('Ana', 'Bo', 'Cy', 'Di', 'Ed');
    const [ana, ...others] = people as [Person, ...Person[]];
    const id = await must(ana.client.createGroup({ name: 'Choir', people: [], kind: 'public' }));
    await w.settle();
    const link = await linkOf(ana, id);
    for (const one of others) one.network.isUp = false;
    for (const one of others) await must(one.client.joinGroup(link, {}));
    for (const one of others) one.network.isUp = true;
    await Promise.all(people.map((one) => one.client.syncNow()));
    await w.settle();
    for (const one of people) {
      expect(await namesIn(one, id)).toEqual(['Ana owner', 'Bo member', 'Cy member', 'Di member', 'Ed member']);
    }
    await say(people[4] as Person, id, 'all here');
    for (const one of people) expect(await textsIn(one, id)).toEqual(['all here']);
  });

  it('has room for so many people, and no more come', async () => {
    const [ana, bo, cy] = (await strangers('Ana', 'Bo', 'Cy')) as [Person, Person, Person];
    const id = await must(ana.client.createGroup({ name: 'Duo', people: [], kind: 'public', maxMembers: 2 }));
    await w.settle();
    const link = await linkOf(ana, id);
    // Both decide while there is a place left.
    for (const one of [bo, cy]) one.network.isUp = false;
    for (const one of [bo, cy]) await must(one.client.joinGroup(link, {}));
    for (const one of [bo, cy]) {
      one.network.isUp = true;
      await one.client.syncNow();
    }
    await w.settle();
    expect(await namesIn(ana, id)).toEqual(['Ana owner', 'Bo member']);
    expect(await failures(cy)).toEqual([['join', 'group-full']]);
    expect(await must(cy.client.lookAtLink(link))).toMatchObject({ isFull: true });
    // An invitation needs a place too.
    await ana.knows(cy);
    await must(ana.client.addPeople(id, [await accountOf(cy)]));
    await w.settle();
    expect(await failures(ana)).toEqual([['add', 'group-full']]);
    expect(await namesIn(ana, id)).toEqual(['Ana owner', 'Bo member']);
  });

  it('whose link was changed is joined by the new one alone; without one by none', async () => {
    const [ana, bo, cy] = (await strangers('Ana', 'Bo', 'Cy')) as [Person, Person, Person];
    const id = await must(ana.client.createGroup({ name: 'Choir', people: [], kind: 'public' }));
    await w.settle();
    const old = await linkOf(ana, id);
    cy.network.isUp = false;
    await must(cy.client.joinGroup(old, {}));
    await must(ana.client.changeJoinLink(id, ''));
    await w.settle();
    expect(await bo.client.lookAtLink(old)).toMatchObject({ error: { code: 'link-over' } });
    cy.network.isUp = true;
    await w.settle();
    expect(await failures(cy)).toEqual([['join', 'link-over']]);
    await must(bo.client.joinGroup(await linkOf(ana, id), {}));
    await w.settle();
    expect(await namesIn(ana, id)).toEqual(['Ana owner', 'Bo member']);
    expect(await bo.client.changeJoinLink(id, null)).toMatchObject({ error: { code: 'not-allowed' } });
    const last = await linkOf(ana, id);
    await must(ana.client.changeJoinLink(id, null));
    await w.settle();
    expect(await must(bo.client.joinLink(id))).toBeUndefined();
    expect((await bo.view(id)).details).not.toHaveProperty('link');
    expect(await cy.client.lookAtLink(last)).toMatchObject({ error: { code: 'link-over' } });
  });

  it('takes back whoever left, and not whoever was removed; a person who was asked again comes', async () => {
    const [ana, bo] = (await strangers('Ana', 'Bo')) as [Person, Person];
    await ana.knows(bo);
    const id = await must(ana.client.createGroup({ name: 'Choir', people: [], kind: 'public' }));
    await w.settle();
    const link = await linkOf(ana, id);
    await must(bo.client.joinGroup(link, {}));
    await w.settle();
    await must(bo.client.leaveGroup(id));
    await w.settle();
    expect(await namesIn(ana, id)).toEqual(['Ana owner']);
    await must(bo.client.joinGroup(link, {}));
    await w.settle();
    await say(bo, id, 'back');
    expect(await textsIn(ana, id)).toEqual(['back']);
    await must(ana.client.removePerson(id, await accountOf(bo)));
    await w.settle();
    await must(bo.client.joinGroup(link, {}));
    await w.settle();
    expect(await failures(bo)).toEqual([['join', 'removed-before']]);
    expect(await namesIn(ana, id)).toEqual(['Ana owner']);
    await must(ana.client.addPeople(id, [await accountOf(bo)]));
    await w.settle();
    expect(await namesIn(ana, id)).toEqual(['Ana owner', 'Bo member']);
  });

  it('keeps those who came by link when roles change, people are added and removed', async () => {
    const [ana, bo, cy] = (await strangers('Ana', 'Bo', 'Cy')) as [Person, Person, Person];
    const id = await must(ana.client.createGroup({ name: 'Choir', people: [], kind: 'public' }));
    await w.settle();
    const link = await linkOf(ana, id);
    for (const one of [bo, cy]) await must(one.client.joinGroup(link, {}));
    await w.settle();
    await must(ana.client.setRole(id, await accountOf(bo), 'moderator'));
    await w.settle();
    expect(await namesIn(cy, id)).toEqual(['Ana owner', 'Bo moderator', 'Cy member']);
    await must(bo.client.removePerson(id, await accountOf(cy)));
    await w.settle();
    expect(await namesIn(ana, id)).toEqual(['Ana owner', 'Bo moderator']);
    expect((await cy.view(id)).isMember).toBe(false);
    await must(ana.client.changeGroup(id, { name: 'Band' }));
    await w.settle();
    expect((await bo.view(id)).title).toBe('Band');
  });
});

describe('a group with a password', () => {
  it('is joined with link and password; a wrong one, or none, is told', async () => {
    const [ana, bo] = (await strangers('Ana', 'Bo')) as [Person, Person];
    const id = await must(
      ana.client.createGroup({ name: 'Cellar', people: [], kind: 'public', password: 'open sesame' }),
    );
    await w.settle();
    const link = await linkOf(ana, id);
    expect((await ana.view(id)).details).toMatchObject({ link: 'password' });
    expect(await bo.client.lookAtLink(link)).toMatchObject({ error: { code: 'password-needed' } });
    expect(await bo.client.lookAtLink(link, 'sesame')).toMatchObject({ error: { code: 'wrong-password' } });
    bo.network.isUp = false;
    await must(bo.client.joinGroup(link, { password: 'sesame' }));
    bo.network.isUp = true;
    await w.settle();
    expect(await failures(bo)).toEqual([['join', 'wrong-password']]);
    expect(await namesIn(ana, id)).toEqual(['Ana owner']);
    await must(bo.client.joinGroup(link, { password: 'open sesame' }));
    await w.settle();
    expect(await namesIn(bo, id)).toEqual(['Ana owner', 'Bo member']);
    await say(bo, id, 'in');
    expect(await textsIn(ana, id)).toEqual(['in']);
  });
});

describe('a private and a secret group', () => {
  it.each(['private', 'secret'] as const)('has no link, nor gets one: %s', async (kind) => {
    const [ana, bo] = (await strangers('Ana', 'Bo')) as [Person, Person];
    await ana.knows(bo);
    await w.settle();
    const id = await must(ana.client.createGroup({ name: 'Us', people: [await accountOf(bo)], kind }));
    await w.settle();
    expect((await bo.view(id)).details).toMatchObject({ kind });
    expect((await bo.view(id)).details).not.toHaveProperty('link');
    expect(await must(ana.client.joinLink(id))).toBeUndefined();
    expect(await ana.client.changeJoinLink(id, '')).toMatchObject({ error: { code: 'not-allowed' } });
    expect(await ana.client.createGroup({ name: 'Nobody', people: [], kind })).toMatchObject({
      error: { code: 'no-members' },
    });
  });
});

describe('a group for more than 256', () => {
  it('is made in the classical suite and says so; people come and go, write, and come back', async () => {
    const [ana, bo, cy] = (await strangers('Ana', 'Bo', 'Cy')) as [Person, Person, Person];
    await ana.knows(bo, cy);
    const [a, b, c] = await Promise.all([accountOf(ana), accountOf(bo), accountOf(cy)]);
    const small = await must(ana.client.createGroup({ name: 'Crew', people: [b], maxMembers: 256 }));
    const large = await must(ana.client.createGroup({ name: 'Town', people: [b], maxMembers: 257 }));
    await w.settle();
    expect((await bo.view(small)).suite).toMatch(/^X-Wing/);
    expect((await bo.view(large)).suite).toBe('X25519, AES-128-GCM, Ed25519');

    await must(ana.client.addPeople(large, [c]));
    await w.settle();
    await say(cy, large, 'hello from the harbour');
    expect(await textsIn(bo, large)).toEqual(['hello from the harbour']);
    await must(ana.client.removePerson(large, b));
    await w.settle();
    await say(ana, large, 'without Bo');
    expect(await textsIn(cy, large)).toEqual(['hello from the harbour', 'without Bo']);
    expect((await bo.view(large)).isMember).toBe(false);
    expect((await ana.view(large)).members.map(({ account }) => account).sort()).toEqual([a, c].sort());
  });

  it('takes no package of the other suite, so that the pool for small groups stays whole', async () => {
    const [ana, bo] = (await strangers('Ana', 'Bo')) as [Person, Person];
    await ana.knows(bo);
    const before = await packagesOf(bo);
    await must(ana.client.createGroup({ name: 'Town', people: [await accountOf(bo)], maxMembers: 300 }));
    await w.settle();
    expect(before).toEqual({ 1: 10, 83: 50 });
    expect(await packagesOf(bo)).toEqual({ 1: 9, 83: 50 });
  });
});

/** How many packages of each suite wait on a device, without those of last resort. */
async function packagesOf({ store }: Person): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const row of await store.keyPackages.where('status').equals('available').toArray())
    if (!row.isLastResort) counts[row.cipherSuite] = (counts[row.cipherSuite] ?? 0) + 1;
  return counts;
}
