import { createCommit, createGroup, emptyPskIndex, encodeMlsMessage, type ClientState } from 'ts-mls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type GroupId, type StreamId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { extensionsOf } from '../../src/lib/crypto/mls/commits.ts';
import { configAt } from '../../src/lib/crypto/mls/config.ts';
import { SUITE } from '../../src/lib/crypto/mls/index.ts';
import { generatePair } from '../../src/lib/crypto/mls/keyPackages.ts';
import { algorithmsOf } from '../../src/lib/crypto/mls/suite.ts';
import type { GroupData } from '../../src/lib/domain/groupData.ts';
import { loadIdentity } from '../../src/lib/services/account.ts';
import { addOf, extensionsProposal } from '../crypto/mls/rogue.ts';
import { accountOf, must, world, type Person, type World } from '../world/world.ts';
import { between, rawRelay, stateOf, type Claim } from './tampering.ts';

/** What reaches Ana from people she does not know, and what a relay gives her of others in their name. */

let w: World;
let ana: Person;
let mal: Person;
let bo: Person;

beforeAll(async () => {
  w = await world({ seed: 'strangers' });
  [ana, mal, bo] = [await w.person('Ana'), await w.person('Mal'), await w.person('Bo')];
  await mal.knows(ana, bo);
  await bo.knows(ana, mal);
  await w.settle();
});
afterAll(() => w.close());

/** A welcome of Mal's into a group of any kind, made past our client, put in Ana's mailbox by an honest relay. */
async function welcome(group: {
  readonly id?: Bytes;
  readonly change?: (state: ClientState) => ClientState;
}): Promise<void> {
  const [relay, identity] = [await rawRelay(w, mal), await loadIdentity(mal.store)];
  if (identity === undefined) throw new Error('no identity');
  const account = await accountOf(ana);
  const { claims } = unwrap(
    await relay.claimKeyPackages({ claim: newId(w.random), suite: SUITE, accounts: [account] }),
  );
  const [claim] = claims;
  if (claim === undefined) throw new Error('no package');
  const invited = (await loadIdentity(ana.store))?.card;
  if (invited === undefined) throw new Error('no identity');
  const data: GroupData = {
    v: 1,
    kind: 'group',
    name: 'Trap',
    description: '',
    maxMembers: 10,
    roster: [
      { account: identity.account, role: 'owner', ...identity.card },
      { account, role: 'member', ...invited },
    ],
  };
  const now = w.clock.now();
  const notBefore = Math.floor(now / 1000) - 3600;
  const mine = await generatePair(identity, SUITE, { notBefore, notAfter: notBefore + 86_400 });
  const cipherSuite = await algorithmsOf(SUITE);
  const config = { ...configAt(now).config, authService: { validateCredential: () => Promise.resolve(true) } };
  const alone = await createGroup(
    group.id ?? w.random.bytes(16),
    mine.publicPackage,
    mine.privatePackage,
    unwrap(extensionsOf({ data: { ...data, roster: data.roster.slice(0, 1) }, left: [] })),
    cipherSuite,
    config,
  );
  const made = await createCommit(
    { state: (group.change ?? ((same) => same))(alone), cipherSuite, pskIndex: emptyPskIndex },
    {
      extraProposals: [
        addOf(Uint8Array.from(claim.bytes)),
        extensionsProposal(unwrap(extensionsOf({ data, left: [] }))),
      ],
      ratchetTreeExtension: true,
    },
  );
  if (made.welcome === undefined) throw new Error('no welcome');
  const payload = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome });
  unwrap(
    await relay.commit(newId<StreamId>(w.random), {
      id: newId(w.random),
      epoch: 0,
      payload: new Uint8Array(8),
      members: [identity.device, claim.device],
      fence: true,
      welcomes: [{ id: newId(w.random), device: claim.device, payload: Uint8Array.from(payload) }],
      spends: [],
    }),
  );
}

describe('a welcome of a stranger', () => {
  it.each<[string, Parameters<typeof welcome>[0]]>([
    ['with an id of five bytes', { id: new Uint8Array(5).fill(3) }],
    ['with no id', { id: new Uint8Array() }],
    ['with an id of a kilobyte', { id: new Uint8Array(1000).fill(3) }],
    [
      'in an epoch beyond all numbers',
      { change: (state) => ({ ...state, groupContext: { ...state.groupContext, epoch: 2n ** 63n } }) },
    ],
  ])('into a group %s is refused, and stops nothing else', async (what, group) => {
    const before = await ana.store.mlsGroups.toCollection().primaryKeys();
    await welcome(group);
    await w.settle();
    expect(await ana.store.mlsGroups.toCollection().primaryKeys()).toEqual(before);
    // What comes after it arrives as ever.
    const id = await must(mal.client.openDirect(await accountOf(ana)));
    await must(mal.client.sendText(id, `still there after one ${what}?`));
    await w.settle();
    expect(await ana.texts('Mal')).toContain(`still there after one ${what}?`);
  });

  it('that keeps to the rules leads into the group: the trap of the other tests is well made', async () => {
    await welcome({});
    await w.settle();
    expect(await ana.conversation('Trap')).toBeDefined();
  });
});

describe('key packages that the relay serves', () => {
  type Change = (claims: readonly Claim[], others: readonly Claim[]) => readonly Claim[];
  const withBytes = (change: (bytes: Uint8Array) => readonly number[]): Change => {
    return (claims) => claims.map((claim) => ({ ...claim, bytes: Uint8Array.from(change(claim.bytes)) }));
  };
  it.each<[string, Change]>([
    [
      'of somebody else',
      (claims, others) => claims.map((claim) => ({ ...claim, bytes: others[0]?.bytes ?? claim.bytes })),
    ],
    ['altered in one bit', withBytes((bytes) => [...bytes].map((byte, i) => (i === 99 ? byte ^ 1 : byte)))],
    ['with bytes after them', withBytes((bytes) => [...bytes, 0])],
    ['of a ghost in place of those asked for', (_claims, others) => others],
  ])('%s add nobody: the person waits to be added', async (what, change) => {
    // Mal's package, as the relay may have it from anywhere.
    const relay = await rawRelay(w, bo);
    const asked = { claim: newId<string>(w.random), suite: SUITE, accounts: [await accountOf(mal)] };
    const others = unwrap(await relay.claimKeyPackages(asked)).claims;
    const lies = between(bo);
    lies.claims = (claims) => change(claims, others);
    const id = await must(bo.client.createGroup({ name: what, people: [await accountOf(ana)] }));
    await w.settle();
    const members = await bo.store.groupMembers
      .where('groupId')
      .equals(id as string)
      .toArray();
    expect(members.map((row) => row.memberId)).not.toContain(await accountOf(mal));
    expect(await mal.store.mlsGroups.get(id as string as GroupId)).toBeUndefined();
    lies.claims = undefined;
    w.clock.advance(3_600_000);
    await w.settle();
    await must(bo.client.sendText(id, 'now you are here'));
    await w.settle();
    expect(await ana.texts(what)).toContain('now you are here');
  });

  it('again after they were used lead nowhere: the second group is not entered', async () => {
    const lies = between(bo);
    let used: Claim | undefined;
    // As if the relay had never given it away.
    lies.claims = (claims) => {
      used ??= claims[0];
      return claims.map((claim) => ({ ...claim, ref: used?.ref ?? claim.ref, bytes: used?.bytes ?? claim.bytes }));
    };
    await must(bo.client.createGroup({ name: 'First', people: [await accountOf(ana)] }));
    await w.settle();
    const before = await stateOf(ana);
    await must(bo.client.createGroup({ name: 'Second', people: [await accountOf(ana)] }));
    await w.settle();
    lies.claims = undefined;
    expect((await ana.store.inbox.toArray()).map((row) => row.outcome)).toContain('OrphanWelcome');
    expect((await stateOf(ana)).mlsGroups).toBe(before.mlsGroups);
  });
});

describe('the name under which somebody is let in', () => {
  it('is that of whoever did it, whatever the relay says about the sender', async () => {
    const device = (await loadIdentity(bo.store))?.device;
    const lies = between(ana);
    lies.entries = (entries) =>
      entries.map((entry) => (entry.kind === 'welcome' && device !== undefined ? { ...entry, sender: device } : entry));
    await must(mal.client.createGroup({ name: 'Lies', people: [await accountOf(ana), await accountOf(bo)] }));
    await w.settle();
    const [notice] = (await ana.messages('Lies')).filter(({ notice }) => notice !== undefined);
    expect(notice?.notice).toMatchObject({ by: 'Mal' });
  });
});
