import { afterEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { newId, type ConversationId, type GroupId, type StreamId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { dataOf, epochOf, membersOf, stageCommit, type MlsGroup } from '../../src/lib/crypto/mls/index.ts';
import { readHeader } from '../../src/lib/crypto/senderKey/layout.ts';
import type { MlsGroupRow } from '../../src/lib/db/store.ts';
import { catchUp } from '../../src/lib/protocol/requests.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { rewriteOf, rogueCommit } from '../crypto/mls/rogue.ts';
import { stateOf, trioIn, withCommit } from './split.ts';
import { accountOf, must, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

const trio = async () => trioIn((w = await world()));

/** Lets time pass, so that whoever waits for an answer asks again. */
async function pass(minutes = 15, times = 3): Promise<void> {
  for (let i = 0; i < times; i++) {
    await w.settle();
    w.clock.advance(minutes * 60_000);
  }
  await w.settle();
}

const groupRowOf = async (person: Person, id: ConversationId): Promise<MlsGroupRow> => {
  const row = await person.store.mlsGroups.get(id as string as GroupId);
  if (row === undefined) throw new Error(`${person.name} has no such group`);
  return row;
};

const authenticatorsOf = async (people: readonly Person[], id: ConversationId) =>
  Promise.all(
    people.map(async (person) => {
      const group = await stateOf(person, id);
      return { epoch: epochOf(group), data: dataOf(group) };
    }),
  );

async function expectOneHistory(people: readonly Person[], id: ConversationId): Promise<void> {
  const [first, ...others] = await authenticatorsOf(people, id);
  for (const other of others) expect(other).toEqual(first);
  for (const [i, person] of people.entries()) {
    await must(person.client.sendText(id, `healed ${i}`));
    await w.settle();
  }
  const expected = people.map((_, i) => `healed ${i}`);
  for (const person of people) expect((await person.texts('Hike')).slice(-people.length)).toEqual(expected);
}

/** No message key of a device has sealed twice: no two records of the log share epoch, leaf and iteration. */
async function expectNoKeyTwice(id: ConversationId, member: Person): Promise<void> {
  const log = await w.logOf(member, id);
  const used = log
    .filter((row) => row.kind === 'record')
    .flatMap((row) => {
      const header = readHeader(row.payload);
      return header.ok ? [`${header.value.epoch} ${header.value.leaf} ${header.value.iteration}`] : [];
    });
  expect(used.length).toBeGreaterThan(0);
  expect(new Set(used).size).toBe(used.length);
}

const eventsOf = async (person: Person) => (await person.securityEvents()).map(({ type }) => type);

describe('a commit that the relay takes and members refuse', () => {
  it('leaves the group where it was, told and able to go on', async () => {
    const { id, ana, bo, cy } = await trio();
    const group = await stateOf(bo, id);
    const data = dataOf(group);
    const self = await accountOf(bo);
    const roster = data.roster.map((entry) => (entry.account === self ? { ...entry, role: 'owner' as const } : entry));
    const rogue = await rogueCommit(group, [rewriteOf({ ...data, roster })]);
    await commitAs(bo, id, rogue.commit, group);
    await w.settle();
    expect(await eventsOf(ana)).toContain('commit-refused');
    expect((await ana.view(id)).members.find(({ name }) => name === 'Bo')?.role).toBe('member');
    await must(ana.client.changeGroup(id, { name: 'Hike', description: 'goes on' }));
    await pass();
    await expectOneHistory([ana, cy], id);
    expect((await cy.view(id)).details?.description).toBe('goes on');
  });

  it('holds for bytes that are no commit at all, again and again', async () => {
    const { id, ana, bo, cy } = await trio();
    for (const size of [0, 1, 300]) {
      await commitAs(bo, id, new Uint8Array(size), await stateOf(bo, id));
      await w.settle();
    }
    await must(cy.client.sendText(id, 'still here'));
    await w.settle();
    expect(await ana.texts('Hike')).toEqual(['still here']);
    await expectOneHistory([ana, bo, cy], id);
  });
});

describe('a relay that shows a member another history', () => {
  it('is found with the first message, told, and the member comes back', async () => {
    const { id, ana, bo, cy } = await trio();
    // Bo's commit is for Cy's eyes only; everybody else has Ana's.
    const forged = unwrap(await stageCommit(await stateOf(bo, id), {}, w.clock.now()));
    cy.network.alter = (path, body) => (path === 'catch-up' ? withCommit(body, forged.commit) : body);
    await must(ana.client.changeGroup(id, { description: 'the true one' }));
    await w.settle();
    await must(ana.client.sendText(id, 'do you hear me?'));
    await ana.client.syncNow();
    cy.network.alter = undefined;
    await cy.client.syncNow();
    expect(await eventsOf(cy)).toContain('forked');
    await pass();
    expect(await eventsOf(cy)).toContain('healed');
    await expectOneHistory([ana, bo, cy], id);
    await expectNoKeyTwice(id, ana);
    const lines = (await ana.messages('Hike')).flatMap(({ notice }) => notice ?? []);
    expect(lines.at(-1)).toEqual({ what: 'returned', who: ['Cy'] });
  });
});

describe('a relay that garbles the news of a removal', () => {
  it('leaves nobody believing for long that they are still in the group', async () => {
    const { id, ana, bo, cy } = await trio();
    bo.network.alter = (path, body) => (path === 'catch-up' ? withCommit(body, new Uint8Array(200)) : body);
    await must(ana.client.removePerson(id, await accountOf(bo)));
    await w.settle();
    bo.network.alter = undefined;
    expect((await bo.view(id)).isMember).toBe(true);

    await must(bo.client.sendText(id, 'does anybody hear me?'));
    await w.settle();
    expect((await bo.messages('Hike')).at(-2)).toMatchObject({ state: 'failed' });
    expect(await bo.view(id)).toMatchObject({ isMember: false, canSend: false });
    expect((await bo.messages('Hike')).at(-1)?.notice).toEqual({ what: 'left', who: [''] });
    await expectOneHistory([ana, cy], id);
  });
});

describe('a relay that swallows commits', () => {
  it('and garbles the next for somebody else leaves nobody behind, though the epochs have come apart', async () => {
    const { id, ana, bo, cy } = await trio();
    ana.network.pretend = (path) => (path.endsWith('/commits') ? cborFromValue({ seq: 1 }) : undefined);
    for (const description of ['never seen', 'nor this']) {
      await must(ana.client.changeGroup(id, { description }));
      await ana.client.syncNow();
    }
    ana.network.pretend = undefined;
    await must(ana.client.changeGroup(id, { description: 'seen' }));
    await pass();
    const { epoch, streamEpoch = epoch } = await groupRowOf(bo, id);
    expect(epoch).toBeGreaterThan(streamEpoch);

    cy.network.alter = (path, body) => (path === 'catch-up' ? withCommitHidden(body) : body);
    await must(ana.client.changeGroup(id, { description: 'hidden from Cy' }));
    await w.settle();
    cy.network.alter = undefined;
    await must(bo.client.sendText(id, 'do you hear me?'));
    await pass();
    await expectOneHistory([ana, bo, cy], id);
  });
});

describe('a device that is put back to an old state', () => {
  it('and was only ever written from, comes back with new keys and uses none twice', async () => {
    const { id, ana, bo, cy } = await trio();
    const old = await bo.copyOfDisk();
    await must(bo.client.sendText(id, 'one'));
    await must(bo.client.sendText(id, 'two'));
    await w.settle();
    await bo.restoreDisk(old);
    bo.network.isUp = true;
    await pass();
    expect(await eventsOf(bo)).toContain('device-copied');
    await expectOneHistory([ana, bo, cy], id);
    await expectNoKeyTwice(id, ana);
  });

  it('from before a change that it made itself, comes back alone, with nobody else online', async () => {
    const { id, ana, bo, cy } = await trio();
    await must(ana.client.setRole(id, await accountOf(bo), 'admin'));
    await w.settle();
    const old = await bo.copyOfDisk();
    await must(bo.client.changeGroup(id, { name: 'Hike', description: 'mine' }));
    await must(bo.client.sendText(id, 'said and lost here'));
    await w.settle();
    ana.network.isUp = cy.network.isUp = false;
    await bo.restoreDisk(old);
    bo.network.isUp = true;
    await pass();
    await must(bo.client.sendText(id, 'back alone'));
    await w.settle();
    expect(await bo.waiting()).toBe(0);
    ana.network.isUp = cy.network.isUp = true;
    await pass();
    expect(await ana.texts('Hike')).toEqual(['said and lost here', 'back alone']);
    expect((await bo.view(id)).details?.description).toBe('mine');
    await expectOneHistory([ana, bo, cy], id);
    await expectNoKeyTwice(id, ana);
  });

  it('from before a removal that it can’t read, is helped by an owner', async () => {
    const { id, ana, bo, cy } = await trio();
    await must(ana.client.setRole(id, await accountOf(bo), 'admin'));
    await w.settle();
    const old = await bo.copyOfDisk();
    await must(bo.client.changeGroup(id, { name: 'Hike', description: 'mine' }));
    await w.settle();
    await must(ana.client.removePerson(id, await accountOf(cy)));
    await w.settle();
    await bo.restoreDisk(old);
    bo.network.isUp = true;
    await pass();
    await expectOneHistory([ana, bo], id);
    expect((await bo.view(id)).members.map(({ name }) => name)).toEqual(['Bo', 'Ana']);
    expect(await bo.waiting()).toBe(0);
  });
});

/** Sends a commit past the client's own checks. */
async function commitAs(person: Person, id: ConversationId, payload: Bytes, group: MlsGroup): Promise<void> {
  const relay = await person.relay();
  const stored = await person.store.mlsGroups.get(id as string as GroupId);
  unwrap(
    await relay.commit(id as string as StreamId, {
      id: newId(w.random),
      epoch: stored?.streamEpoch ?? epochOf(group),
      payload,
      members: membersOf(group).map(({ device }) => device),
      fence: true,
      welcomes: [],
      spends: [],
    }),
  );
}

/** A catch-up answer in which a commit passes for a record. */
function withCommitHidden(body: Bytes): Bytes {
  const answer = unwrap(valueFromCbor(catchUp.answer, body, 2 * limits.body));
  const entries = answer.entries.map((entry) => (entry.kind === 'commit' ? { ...entry, kind: 'record' } : entry));
  return cborFromValue({ ...answer, entries });
}
