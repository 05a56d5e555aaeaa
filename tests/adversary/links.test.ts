import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type ConversationId, type GroupId, type StreamId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import { stageArrival } from '../../src/lib/crypto/mls/follow.ts';
import { dataOf, groupFromBytes, groupInfoBytes, membersOf, type MlsGroup } from '../../src/lib/crypto/mls/index.ts';
import { createJoinLink, tokenOfLink } from '../../src/lib/crypto/mls/joinLink.ts';
import { stageExternal } from '../../src/lib/crypto/mls/external.ts';
import { readGroupInfo } from '../../src/lib/crypto/mls/groupInfo.ts';
import { inviteChecksum } from '../../src/lib/crypto/identity.ts';
import { loadMlsGroup } from '../../src/lib/db/mlsGroups.ts';
import { joinCodeFromText } from '../../src/lib/protocol/joinCode.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { accountOf, must, world, type Person, type World } from '../world/world.ts';
import { outcomeOf, rawRelay } from './tampering.ts';

/** Mal has an app of their own and a link, or the help of Bo, who is in; Ana owns the groups. The relay is honest. */

let w: World;
let ana: Person;
let bo: Person;
let mal: Person;
let open: ConversationId;
let closed: ConversationId;

beforeAll(async () => {
  w = await world({ seed: 'links' });
  [ana, bo, mal] = [await w.person('Ana'), await w.person('Bo'), await w.person('Mal')];
  await ana.knows(bo);
  await w.settle();
  const people = [await accountOf(bo)];
  open = await must(ana.client.createGroup({ name: 'Choir', people, kind: 'public' }));
  closed = await must(ana.client.createGroup({ name: 'Us', people }));
  await w.settle();
});
afterAll(() => w.close());

async function groupAt(person: Person, id: ConversationId): Promise<MlsGroup> {
  const [row, identity] = [await loadMlsGroup(person.store, id as string as GroupId), await loadIdentity(person.store)];
  if (row === undefined || identity === undefined) throw new Error('not in the group');
  return unwrap(groupFromBytes(row.state, identity));
}

const namesIn = async (person: Person, id: ConversationId) =>
  dataOf(await groupAt(person, id))
    .roster.map(({ name }) => name)
    .sort();

async function tokenAt(person: Person, id: ConversationId) {
  const text = (await must(person.client.joinLink(id))) ?? expect.fail('no link');
  return tokenOfLink(unwrap(joinCodeFromText(text, inviteChecksum)).secret);
}

/** Gives the relay what Mal made, with a token. */
async function push(id: ConversationId, payload: Uint8Array, through: Uint8Array, change: object = {}) {
  const [relay, identity] = [await rawRelay(w, mal), await loadIdentity(mal.store)];
  const device = identity?.device ?? expect.fail('no identity');
  const members = membersOf(await groupAt(ana, id)).map((member) => member.device);
  const row = await loadMlsGroup(ana.store, id as string as GroupId);
  const entry = newId<string>(w.random);
  const answer = await relay.commit(id as string as StreamId, {
    id: entry,
    epoch: row?.streamEpoch ?? 0,
    payload: Uint8Array.from(payload),
    members: [...members, device],
    fence: true,
    welcomes: [],
    spends: [],
    through: Uint8Array.from(through),
    ...change,
  });
  return { answer, entry };
}

/** Mal’s commit from outside, by a client that does not ask whether it may. */
async function forced(id: ConversationId): Promise<Uint8Array> {
  const info = unwrap(readGroupInfo(await groupInfoBytes(await groupAt(bo, id), w.clock.now())));
  const identity = (await loadIdentity(mal.store)) ?? expect.fail('no identity');
  const as = { resync: false, card: identity.card };
  return unwrap(await stageExternal(info, identity, as, w.clock.now())).commit;
}

describe('the relay', () => {
  it('lets nobody through without the token of the link, nor with another', async () => {
    const commit = await forced(open);
    for (const token of [new Uint8Array(32), w.random.bytes(32)]) {
      expect((await push(open, commit, token)).answer).toMatchObject({ error: { code: 'forbidden' } });
    }
    expect((await push(closed, await forced(closed), await tokenAt(ana, open))).answer).toMatchObject({
      error: { code: 'forbidden' },
    });
    const relay = await rawRelay(w, mal);
    expect(await relay.groupInfo(closed as string as StreamId, w.random.bytes(32))).toMatchObject({
      error: { code: 'forbidden' },
    });
  });

  it('lets whoever comes bring themselves and change nothing else', async () => {
    const [commit, token] = [await forced(open), await tokenAt(ana, open)];
    const device = (await loadIdentity(mal.store))?.device ?? expect.fail('no identity');
    const box = { token: new Uint8Array(32), box: new Uint8Array(72) };
    for (const change of [{ members: [device] }, { door: box }, { spends: [newId(w.random)] }]) {
      expect((await push(open, commit, token, change)).answer).toMatchObject({ error: { code: 'bad-request' } });
    }
    expect(await namesIn(ana, open)).toEqual(['Ana', 'Bo']);
  });
});

describe('noise that comes through the door', () => {
  it('is refused by everybody, who are told; the group goes on, and the link works', async () => {
    const { answer, entry } = await push(open, new Uint8Array(300).fill(2), await tokenAt(ana, open));
    expect(answer.ok).toBe(true);
    await w.settle();
    for (const one of [ana, bo]) {
      expect(['Tampered', 'Malformed']).toContain(await outcomeOf(one, entry));
      expect((await one.securityEvents()).map(({ type }) => type)).toContain('commit-refused');
    }
    await must(bo.client.sendText(open, 'go on'));
    await w.settle();
    expect((await ana.view(open)).messages.map(({ text }) => text)).toContain('go on');
    const cy = await w.person('Cy');
    await must(cy.client.joinGroup((await must(ana.client.joinLink(open))) ?? '', {}));
    await w.settle();
    expect(await namesIn(ana, open)).toEqual(['Ana', 'Bo', 'Cy']);
  });
});

describe('a commit from outside into a private group', () => {
  it('is refused by every member, though a member hands out all it needs', async () => {
    // Bo gives Mal the GroupInfo and the key, and pushes the commit for them.
    const commit = await forced(closed);
    const relay = await rawRelay(w, bo);
    const members = membersOf(await groupAt(ana, closed)).map((member) => member.device);
    const row = await loadMlsGroup(ana.store, closed as string as GroupId);
    const entry = newId<string>(w.random);
    const request = { epoch: row?.streamEpoch ?? 0, fence: false, welcomes: [], spends: [] };
    unwrap(
      await relay.commit(closed as string as StreamId, {
        ...request,
        id: entry,
        payload: Uint8Array.from(commit),
        members,
      }),
    );
    await w.settle();
    expect(await outcomeOf(ana, entry)).toBe('PolicyRejected');
    expect(await namesIn(ana, closed)).toEqual(['Ana', 'Bo']);
    const identity = (await loadIdentity(mal.store)) ?? expect.fail('no identity');
    const info = await groupInfoBytes(await groupAt(bo, closed), w.clock.now());
    expect(await stageArrival(closed as string as GroupId, info, identity, w.clock.now())).toMatchObject({
      error: { code: 'policy-rejected', detail: 'no-link' },
    });
  });
});

describe('past the size of a group', () => {
  it('nobody comes, though relay and newcomer would have it', async () => {
    await must(ana.client.changeGroup(open, { maxMembers: 3 }));
    await w.settle();
    const { answer, entry } = await push(open, await forced(open), await tokenAt(ana, open));
    expect(answer.ok).toBe(true);
    await w.settle();
    expect(await outcomeOf(ana, entry)).toBe('PolicyRejected');
    expect(await namesIn(ana, open)).toEqual(['Ana', 'Bo', 'Cy']);
    await must(ana.client.changeGroup(open, { maxMembers: 100 }));
    await w.settle();
  });
});

describe('an old link', () => {
  it('opens nothing once it was changed, though the relay hands out everything', async () => {
    const text = (await must(ana.client.joinLink(open))) ?? '';
    const old = unwrap(joinCodeFromText(text, inviteChecksum)).secret;
    const before = await forced(open);
    await must(ana.client.changeJoinLink(open, ''));
    await w.settle();
    expect((await push(open, before, tokenOfLink(old))).answer).toMatchObject({ error: { code: 'forbidden' } });
    // A relay that takes it all the same: what was made with the old keys is refused by everybody.
    const now = await tokenAt(ana, open);
    const { entry } = await push(open, before, now);
    await w.settle();
    expect(['Tampered', 'Duplicate', 'PolicyRejected']).toContain(await outcomeOf(ana, entry));
    expect(await namesIn(ana, open)).toEqual(['Ana', 'Bo', 'Cy']);
    expect(unwrap(await createJoinLink(w.random)).secret).not.toEqual(old);
  });
});
