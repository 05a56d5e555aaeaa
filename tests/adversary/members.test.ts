import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type ConversationId, type GroupId, type MessageId, type StreamId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { dataOf, groupFromBytes, membersOf, type MlsGroup } from '../../src/lib/crypto/mls/index.ts';
import { loadMlsGroup } from '../../src/lib/db/mlsGroups.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { compose, composeTables, nextSortKey } from '../../src/lib/sync/compose.ts';
import type { Content } from '../../src/lib/sync/content.ts';
import { pathlessCommit, removeOf, rewriteOf, rogueCommit } from '../crypto/mls/rogue.ts';
import { accountOf, must, world, type Person, type World } from '../world/world.ts';
import { between, outcomeOf, rawRelay } from './tampering.ts';

/** Bo's app keeps to no rule; Ana owns the group, Cy is in it. The relay is honest unless it says so. */

let w: World;
let ana: Person;
let bo: Person;
let cy: Person;
let id: ConversationId;

beforeAll(async () => {
  w = await world({ seed: 'hostile member' });
  [ana, bo, cy] = [await w.person('Ana'), await w.person('Bo'), await w.person('Cy')];
  await ana.knows(bo, cy);
  await w.settle();
  id = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo), await accountOf(cy)] }));
  await must(ana.client.sendText(id, 'hello'));
  await w.settle();
});
afterAll(() => w.close());

const groupId = (): GroupId => id as string as GroupId;

async function groupAt(person: Person): Promise<MlsGroup> {
  const [row, identity] = [await loadMlsGroup(person.store, groupId()), await loadIdentity(person.store)];
  if (row === undefined || identity === undefined) throw new Error('not in the group');
  return unwrap(groupFromBytes(row.state, identity));
}

/** Gives the relay a commit in Bo's name, as any other; the relay can't look inside. */
async function push(commit: Uint8Array): Promise<string> {
  const relay = await rawRelay(w, bo);
  const row = await loadMlsGroup(bo.store, groupId());
  const members = membersOf(await groupAt(bo)).map(({ device }) => device);
  const entry = newId<string>(w.random);
  unwrap(
    await relay.commit(id as string as StreamId, {
      id: entry,
      epoch: row?.streamEpoch ?? row?.epoch ?? 0,
      payload: Uint8Array.from(commit),
      members,
      fence: false,
      welcomes: [],
      spends: [],
    }),
  );
  return entry;
}

const rosterAt = async (person: Person) => {
  const { roster } = dataOf(await groupAt(person));
  return roster.map(({ name, role }) => `${name} ${role}`).sort();
};

describe('a commit that a member may not make', () => {
  it.each<[string, (g: MlsGroup) => Promise<Uint8Array>]>([
    [
      'makes its maker owner',
      async (g) => {
        const data = dataOf(g);
        const roster = data.roster.map((entry) => (entry.name === 'Bo' ? { ...entry, role: 'owner' as const } : entry));
        return (await rogueCommit(g, [rewriteOf({ ...data, roster })])).commit;
      },
    ],
    [
      'throws the owner out',
      async (g) => {
        const data = dataOf(g);
        const owner = data.roster.find(({ role }) => role === 'owner');
        const leaf = membersOf(g).find(({ account }) => account === owner?.account)?.leaf ?? 0;
        const roster = data.roster.filter(({ account }) => account !== owner?.account);
        return (await rogueCommit(g, [removeOf(leaf), rewriteOf({ ...data, roster })])).commit;
      },
    ],
    ['renames the group', async (g) => (await rogueCommit(g, [rewriteOf({ ...dataOf(g), name: 'Mine' })])).commit],
    [
      'renames somebody else',
      async (g) => {
        const data = dataOf(g);
        const roster = data.roster.map((entry) => (entry.name === 'Cy' ? { ...entry, name: 'Fool' } : entry));
        return (await rogueCommit(g, [rewriteOf({ ...data, roster })])).commit;
      },
    ],
    ['removes without a path', (g) => pathlessCommit(g, [removeOf(0)])],
    ['is noise', () => Promise.resolve(new Uint8Array(500).fill(9))],
  ])('and that %s is refused by everybody, who are told, and the group goes on', async (_what, make) => {
    const rosters = await rosterAt(ana);
    const title = (await ana.conversation('Hike')).title;
    const before = await Promise.all([ana, cy].map(async (one) => (await one.securityEvents()).length));
    const entry = await push(await make(await groupAt(bo)));
    await w.settle();
    for (const [i, one] of [ana, cy].entries()) {
      expect(await rosterAt(one)).toEqual(rosters);
      expect((await one.conversation('Hike')).title).toBe(title);
      const events = await one.securityEvents();
      expect(events.length).toBeGreaterThan(before[i] ?? 0);
      expect(events.map(({ type }) => type)).toContain('commit-refused');
      expect(['PolicyRejected', 'Tampered', 'UnsupportedVersion', 'Malformed']).toContain(await outcomeOf(one, entry));
    }
    const text = `after one that ${_what}`;
    await must(cy.client.sendText(id, text));
    await w.settle();
    for (const one of [ana, cy]) expect(await one.texts('Hike')).toContain(text);
  });
});

/** Sends content past every rule of the app, from Bo's device. */
async function sendRaw(make: (s: string) => unknown, record = newId<MessageId>(w.random)): Promise<MessageId> {
  const identity = await loadIdentity(bo.store);
  if (identity === undefined) throw new Error('no identity');
  const composer = { store: bo.store, identity, clock: w.clock, random: w.random };
  await bo.store.tx('rw', composeTables, async () => {
    const { sortKey } = await nextSortKey(composer);
    await compose(composer, id, make(sortKey) as Content, { id: record, sortKey, isMessage: false });
  });
  await w.settle();
  return record;
}

describe('somebody who wants to know whether a device is on', () => {
  it.each<[string, (s: string) => unknown]>([
    ['a reaction to no message', (s) => ({ k: 'react', s, m: nowhere(), e: '👍', on: true })],
    ['an edit of no message', (s) => ({ k: 'edit', s, m: nowhere(), t: 'x', b: [] })],
    ['a deletion of no message', (s) => ({ k: 'delete', s, m: nowhere() })],
    ['a receipt for no message', () => ({ k: 'receipt', d: [newId(w.random)], r: [newId(w.random)] })],
    ['a kind from tomorrow, about no message', (s) => ({ k: 'probe', s, m: nowhere() })],
    ['a text in somebody else’s name', (s) => ({ k: 'text', s: `${s.slice(0, 17)}${newId(w.random)}`, t: 'x' })],
    ['a leave note that is none', () => ({ k: 'leave', n: new Uint8Array(8) })],
    ['nothing that can be read', () => 7],
  ])('learns nothing by %s: nobody answers', async (_what, make) => {
    for (const one of [ana, cy]) one.network.sent.length = 0;
    await sendRaw(make);
    for (const one of [ana, cy]) {
      expect(one.network.sent.filter(({ path }) => /entries|offer|commits/.test(path))).toEqual([]);
    }
  });

  const nowhere = () => ({ i: newId<MessageId>(w.random), s: '0000000000000000-AAAAAAAAAAAAAAAAAAAAAA' });
});

describe('a receipt', () => {
  it('speaks for its sender alone: what Bo says was read, Cy has not read', async () => {
    cy.network.isUp = false;
    const sent = await must(ana.client.sendText(id, 'has anybody read this?'));
    await ana.client.syncNow();
    await sendRaw(() => ({ k: 'receipt', d: [sent], r: [sent] }));
    const own = (await ana.messages('Hike')).find((message) => message.id === sent);
    expect(own?.state).toBe('sent');
    cy.network.isUp = true;
    await w.settle();
  });
});

describe('the id of somebody else’s message', () => {
  it('given to another by a relay and a member together keeps nothing back unseen', async () => {
    // The relay shows Bo Ana's record, whose header names its id, and gives Cy Bo's first.
    const lies = between(cy);
    cy.network.isUp = false;
    const sent = await must(ana.client.sendText(id, 'meet at nine'));
    await ana.client.syncNow();
    const identity = await loadIdentity(bo.store);
    if (identity === undefined) throw new Error('no identity');
    const known = (await cy.securityEvents()).length;
    // The honest relay refuses the id; a bad one takes it under another, and puts the id back.
    const relabelled = newId<MessageId>(w.random);
    const composer = { store: bo.store, identity, clock: w.clock, random: w.random };
    let payload: Uint8Array = new Uint8Array();
    await bo.store.tx('rw', composeTables, async () => {
      const { sortKey } = await nextSortKey(composer);
      await compose(composer, id, { k: 'text', s: sortKey, t: 'meet at ten' }, { id: sent, sortKey, isMessage: false });
      const operation = await bo.store.offlineOperations.get(sent);
      payload = operation?.payload ?? payload;
      await bo.store.offlineOperations.delete(sent);
    });
    const relay = await rawRelay(w, bo);
    const epoch = (await loadMlsGroup(bo.store, groupId()))?.epoch ?? 0;
    unwrap(
      await relay.append(id as string as StreamId, {
        entries: [{ id: relabelled, epoch, payload: Uint8Array.from(payload) }],
      }),
    );
    lies.entries = (entries) => {
      const [first, second] = [entries.find((one) => one.id === sent), entries.find((one) => one.id === relabelled)];
      if (first === undefined || second === undefined) return entries;
      return entries.map((one) => {
        if (one === first) return { ...second, id: sent, seq: first.seq };
        return one === second ? { ...first, seq: second.seq } : one;
      });
    };
    cy.network.isUp = true;
    await w.settle();
    lies.entries = undefined;
    const isSeen = (await cy.texts('Hike')).includes('meet at nine');
    const isTold = (await cy.securityEvents()).length > known;
    expect(isSeen || isTold).toBe(true);
  });
});
