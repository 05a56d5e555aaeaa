import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../../src/lib/core/bytes.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import {
  dataOfInfo,
  openGroupInfo,
  processCommit,
  stageArrival,
  stageReturn,
  joinFromWelcome,
} from '../../../src/lib/crypto/mls/follow.ts';
import {
  authenticatorHashOf,
  CLASSICAL_SUITE,
  dataOf,
  groupIdOf,
  groupInfoBytes,
  infoKeyOf,
  membersOf,
  sealGroupInfo,
  SUITE,
  type MlsGroup,
} from '../../../src/lib/crypto/mls/index.ts';
import { createJoinLink, doorOf, keyOfLink, openDoor, tokenOfLink } from '../../../src/lib/crypto/mls/joinLink.ts';
import { sha256 } from '../../../src/lib/crypto/primitives.ts';
import type { GroupData } from '../../../src/lib/domain/groupData.ts';
import { createPerson, leafOf, newGroup, NOW, packageOf, seeded, stage, withoutPeople, withPeople } from './world.ts';
import { pathlessCommit } from './rogue.ts';

const random = seeded('links');
const [ana, bo, cy, di] = ['Ana', 'Bo', 'Cy', 'Di'].map((name) => createPerson(name).newDevice()) as never as Devices;
type Device = ReturnType<ReturnType<typeof createPerson>['newDevice']>;
type Devices = [Device, Device, Device, Device];

/** Ana’s public group with Bo in it, as both have it. */
async function open(
  changes: Partial<GroupData> = {},
  suite: typeof SUITE | typeof CLASSICAL_SUITE = CLASSICAL_SUITE,
  password = '',
): Promise<{ atAna: MlsGroup; atBo: MlsGroup; secret: Uint8Array }> {
  const link = unwrap(await createJoinLink(random, password));
  const alone = await newGroup(ana, suite, { visibility: 'public', ...changes });
  const pack = await packageOf(bo, suite);
  const data = { ...withPeople(alone, [bo]), ...('link' in changes ? {} : { link }) };
  const first = await stage(alone, { adds: [pack.publicBytes], data });
  const atBo = unwrap(await joinFromWelcome(first.welcome ?? new Uint8Array(), pack.privateBundle, bo, NOW));
  return { atAna: first.next, atBo, secret: link.secret };
}

const arrive = async (group: MlsGroup, who: Device) =>
  stageArrival(groupIdOf(group), await groupInfoBytes(group, NOW), who, NOW);
const processed = async (group: MlsGroup, commit: Bytes) => unwrap(await processCommit(group, commit, NOW));
const namesIn = (group: MlsGroup) => dataOf(group).roster.map(({ name, role }) => `${name} ${role}`);
const rule = (detail: string) => ({ error: { code: 'policy-rejected', detail } });

describe('somebody who comes by the link', () => {
  test.each([CLASSICAL_SUITE, SUITE] as const)('is a member to everybody, by name, in suite %s', async (suite) => {
    const { atAna, atBo } = await open({}, suite);
    const came = unwrap(await arrive(atAna, cy));
    const [ana1, bo1] = [await processed(atAna, came.commit), await processed(atBo, came.commit)];
    for (const group of [came.next, ana1.next, bo1.next]) {
      expect(namesIn(group).sort()).toEqual(['Ana owner', 'Bo member', 'Cy member']);
      expect(authenticatorHashOf(group)).toEqual(authenticatorHashOf(came.next));
    }
    expect(ana1).toMatchObject({ isReturn: false, committer: { device: cy.device }, selfRemoved: false });
    expect(ana1.after.roster).toHaveLength(3);
    // A commit that writes nothing keeps them; one that writes group data writes them down.
    const renewed = await stage(came.next, {});
    const atAna2 = (await processed(ana1.next, renewed.commit)).next;
    expect(namesIn(atAna2)).toContain('Cy member');
    const pack = await packageOf(di, suite);
    const added = await stage(atAna2, { adds: [pack.publicBytes], data: withPeople(atAna2, [di]) });
    const atDi = unwrap(await joinFromWelcome(added.welcome ?? new Uint8Array(), pack.privateBundle, di, NOW));
    expect(namesIn(atDi).sort()).toEqual(['Ana owner', 'Bo member', 'Cy member', 'Di member']);
    expect((await processed(renewed.next, added.commit)).next).toBeDefined();
  });

  test('comes back to it before anybody has written them down', async () => {
    const { atAna } = await open();
    const came = unwrap(await arrive(atAna, cy));
    const ana1 = (await processed(atAna, came.commit)).next;
    const ana2 = (await stage(ana1, {})).next;
    const info = await groupInfoBytes(ana2, NOW);
    const back = unwrap(await stageReturn(groupIdOf(ana2), came.next, info, cy, NOW)) ?? expect.fail('nothing to do');
    const after = await processed(ana2, back.commit);
    expect(after.isReturn).toBe(true);
    expect(namesIn(after.next)).toContain('Cy member');
  });

  test('can bring a second device, and be removed with both', async () => {
    const { atAna } = await open();
    const both = createPerson('Cy');
    const [one, two] = [both.newDevice(), both.newDevice()];
    const first = unwrap(await arrive(atAna, one));
    const ana1 = (await processed(atAna, first.commit)).next;
    const second = unwrap(await arrive(ana1, two));
    const ana2 = (await processed(ana1, second.commit)).next;
    expect(membersOf(ana2)).toHaveLength(4);
    expect(namesIn(ana2)).toHaveLength(3);
    const removes = [one, two].map((device) => leafOf(ana2, device));
    const gone = await stage(ana2, { removes, data: withoutPeople(ana2, [both]) });
    expect(namesIn(gone.next)).toEqual(['Ana owner', 'Bo member']);
  });
});

describe('nobody comes from outside', () => {
  test('into a group without a link, public or not', async () => {
    for (const changes of [
      { link: undefined as never },
      { visibility: undefined as never, link: undefined as never },
    ]) {
      const { atAna } = await open(changes);
      expect(await arrive(atAna, cy)).toMatchObject(rule('no-link'));
    }
  });

  test('past its size, though they say nothing of it', async () => {
    const { atAna, atBo } = await open({ maxMembers: 2 });
    expect(await arrive(atAna, cy)).toMatchObject(rule('too-many-members'));
    // Whoever skips the rule on their own side meets it on everybody else’s.
    const roomy = await open();
    const came = unwrap(await arrive(roomy.atAna, cy));
    const full = await stage(roomy.atAna, { data: { ...dataOf(roomy.atAna), maxMembers: 2 } });
    expect((await processCommit(full.next, came.commit, NOW)).ok).toBe(false);
    expect(namesIn(atBo)).toHaveLength(2);
  });

  test('after being removed; whoever left does', async () => {
    const { atAna } = await open();
    const gone = await stage(atAna, { removes: [leafOf(atAna, bo)], data: withoutPeople(atAna, [bo]) });
    expect(await arrive(gone.next, bo)).toMatchObject(rule('removed-since'));
  });

  test('once the link is another one: the old key opens nothing any more', async () => {
    const { atAna, secret } = await open();
    const link = unwrap(await createJoinLink(random));
    const reset = (await stage(atAna, { data: { ...dataOf(atAna), link } })).next;
    const door = doorOf(reset, random) ?? expect.fail('no door');
    expect(door.token).not.toEqual(sha256(tokenOfLink(secret)));
    const oldKey = unwrap(await keyOfLink(secret, undefined, ''));
    expect(openDoor(groupIdOf(reset), oldKey, door.box)).toMatchObject({ error: { code: 'tampered' } });
    const sealed = (await sealGroupInfo(reset, NOW)) ?? expect.fail('no info');
    const oldInfoKey = infoKeyOf(atAna) ?? expect.fail('no key');
    expect(openGroupInfo(groupIdOf(reset), oldInfoKey, sealed)).toMatchObject({ error: { code: 'tampered' } });
  });

  test('and no member lets somebody in who is not written down', async () => {
    const { atAna, atBo } = await open();
    const pack = await packageOf(cy);
    const { keyPackageFromBytes } = await import('../../../src/lib/crypto/mls/messages.ts');
    const keyPackage = unwrap(keyPackageFromBytes(pack.publicBytes));
    const commit = await pathlessCommit(atAna, [{ proposalType: 'add', add: { keyPackage } }]);
    expect(await processCommit(atBo, Uint8Array.from(commit), NOW)).toMatchObject({ ok: false });
  });

  test('with a name that no certificate vouches for', async () => {
    const { atAna } = await open();
    const came = await stageArrival(
      groupIdOf(atAna),
      await groupInfoBytes(atAna, NOW),
      { ...cy, card: { ...cy.card, name: 'Ana' } },
      NOW,
    );
    expect(came).toMatchObject(rule('name-card'));
  });
});

describe('what the relay keeps for whoever has the link', () => {
  test('opens with it, and shows what group it is', async () => {
    const { atAna, secret } = await open();
    const door = doorOf(atAna, random) ?? expect.fail('no door');
    expect(door.token).toEqual(sha256(tokenOfLink(secret)));
    const infoKey = unwrap(openDoor(groupIdOf(atAna), unwrap(await keyOfLink(secret, undefined, '')), door.box));
    const info = unwrap(
      openGroupInfo(groupIdOf(atAna), infoKey, (await sealGroupInfo(atAna, NOW)) ?? new Uint8Array()),
    );
    expect(unwrap(dataOfInfo(info))).toMatchObject({ name: 'hike', visibility: 'public' });
  });

  test('opens with the password only, where there is one', async () => {
    const { atAna, secret } = await open({}, CLASSICAL_SUITE, 'open sesame');
    const door = doorOf(atAna, random) ?? expect.fail('no door');
    const key = async (password: string) => unwrap(await keyOfLink(secret, 'argon2id', password));
    expect(openDoor(groupIdOf(atAna), await key('open sesame'), door.box).ok).toBe(true);
    const refused = { error: { code: 'tampered' } };
    expect(openDoor(groupIdOf(atAna), await key('sesame'), door.box)).toMatchObject(refused);
    expect(openDoor(groupIdOf(atAna), unwrap(await keyOfLink(secret, undefined, '')), door.box)).toMatchObject(refused);
  });
});

test('a link is for public groups, and who may change the group changes it', async () => {
  const link = unwrap(await createJoinLink(random));
  const { stageCommit } = await import('../../../src/lib/crypto/mls/index.ts');
  for (const visibility of [undefined, 'secret'] as const) {
    const alone = await newGroup(ana, CLASSICAL_SUITE, visibility === undefined ? {} : { visibility });
    expect(await stageCommit(alone, { data: { ...dataOf(alone), link } }, NOW)).toMatchObject(rule('link-not-allowed'));
  }
  const { atBo } = await open();
  expect(await stageCommit(atBo, { data: { ...dataOf(atBo), link } }, NOW)).toMatchObject(
    rule('may-not-change-settings'),
  );
  const { atAna } = await open();
  const secret = { ...dataOf(atAna), visibility: 'secret' as const };
  expect(await stageCommit(atAna, { data: secret }, NOW)).toMatchObject({ error: { code: 'policy-rejected' } });
});
