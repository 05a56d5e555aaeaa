import { describe, expect, test } from 'vitest';
import { unwrap } from '../../../src/lib/core/result.ts';
import {
  createPlea,
  infoKeyIn,
  openAnswer,
  openGroupInfo,
  processCommit,
  readPlea,
  sealToPlea,
  stageReturn,
} from '../../../src/lib/crypto/mls/follow.ts';
import {
  authenticatorHashOf,
  CLASSICAL_SUITE,
  dataOf,
  epochOf,
  groupIdOf,
  groupInfoBytes,
  infoKeyOf,
  isAnswer,
  isPlea,
  membersOf,
  sealGroupInfo,
  SUITE,
  type MlsGroup,
} from '../../../src/lib/crypto/mls/index.ts';
import type { Bytes } from '../../../src/lib/core/bytes.ts';
import { rewriteOf, rogueCommit } from './rogue.ts';
import { createPerson, groupOfPeople, leafOf, NOW, stage, withoutPeople, type Device } from './world.ts';

async function trio(suite: typeof SUITE | typeof CLASSICAL_SUITE = CLASSICAL_SUITE) {
  const devices = ['Ana', 'Bo', 'Cy'].map((name) => createPerson(name).newDevice());
  const [ana, bo, cy] = devices as [Device, Device, Device];
  const groups = await groupOfPeople(devices, { suite });
  return { ana, bo, cy, groups: groups as [MlsGroup, MlsGroup, MlsGroup] };
}

const key = (group: MlsGroup): Bytes => infoKeyOf(group) ?? expect.fail('no info key');
const comeBack = async (known: MlsGroup | undefined, info: Bytes, device: Device, of: MlsGroup) =>
  stageReturn(groupIdOf(of), known, info, device, NOW);
const process = async (group: MlsGroup, commit: Bytes) => unwrap(await processCommit(group, commit, NOW));

describe('a device that lost the thread', () => {
  test.each([CLASSICAL_SUITE, SUITE] as const)('comes back alone, with new keys, in suite %s', async (suite) => {
    const { bo, groups } = await trio(suite);
    const [ana, lost, cy] = groups;
    const next = (await stage(ana, {})).next;
    const sealed = (await sealGroupInfo(next, NOW)) ?? expect.fail('no info');
    const info = unwrap(openGroupInfo(groupIdOf(lost), key(lost), sealed));
    const back = unwrap(await comeBack(lost, info, bo, lost)) ?? expect.fail('nothing to do');
    const atAna = await process(next, back.commit);
    expect(epochOf(back.next)).toBe(3);
    expect(authenticatorHashOf(atAna.next)).toEqual(authenticatorHashOf(back.next));
    expect(atAna).toMatchObject({ added: [], removed: [], committer: { device: bo.device } });
    expect(membersOf(atAna.next)).toHaveLength(3);
    // The old leaf is of no use any more.
    expect(dataOf(back.next)).toEqual(dataOf(next));
    expect((await processCommit(cy, back.commit, NOW)).ok).toBe(false);
    // And everybody goes on together.
    const more = await stage(back.next, {});
    expect(authenticatorHashOf((await process(atAna.next, more.commit)).next)).toEqual(authenticatorHashOf(more.next));
  });

  test('that lost nothing is told so', async () => {
    const { bo, groups } = await trio();
    const info = await groupInfoBytes(groups[0], NOW);
    expect(unwrap(await comeBack(groups[1], info, bo, groups[0]))).toBeUndefined();
  });

  test('comes back without any state too, as to a welcome', async () => {
    const { bo, groups } = await trio();
    const back = unwrap(await comeBack(undefined, await groupInfoBytes(groups[0], NOW), bo, groups[0]));
    expect(back).toBeDefined();
  });

  test('does not go back to an older epoch, to another group, or as somebody else', async () => {
    const { bo, groups } = await trio();
    const old = await groupInfoBytes(groups[0], NOW);
    const moved = await stage(groups[1], {});
    expect(await comeBack(moved.next, old, bo, groups[0])).toMatchObject({ error: { code: 'wrong-epoch' } });
    const other = await groupOfPeople([bo]);
    expect(await comeBack(undefined, old, bo, other[0] as MlsGroup)).toMatchObject({ error: { code: 'invalid' } });
    const stranger = createPerson('Eve').newDevice();
    expect(await comeBack(undefined, old, stranger, groups[0])).toMatchObject({ error: { code: 'self-removed' } });
  });

  test('does not believe a member who makes themselves owner in what they publish', async () => {
    const { bo, cy, groups } = await trio();
    const data = dataOf(groups[2]);
    const roster = data.roster.map((entry) =>
      entry.account === cy.account ? { ...entry, role: 'owner' as const } : entry,
    );
    const forged = await rogueCommit(groups[2], [rewriteOf({ ...data, roster })]);
    const info = await groupInfoBytes(forged.next, NOW);
    expect(await comeBack(groups[1], info, bo, groups[1])).toMatchObject({
      error: { code: 'policy-rejected', detail: 'may-not-change-role' },
    });
  });

  test('refuses bytes that are no GroupInfo, or one more', async () => {
    const { bo, groups } = await trio();
    const info = await groupInfoBytes(groups[0], NOW);
    for (const bad of [info.slice(1), info.slice(0, -1), Uint8Array.from([...info, 0]), new Uint8Array(40)]) {
      expect((await comeBack(groups[1], bad, bo, groups[0])).ok).toBe(false);
    }
  });
});

describe('what the relay keeps for it', () => {
  test('opens for members, and no more for whoever was removed', async () => {
    const { cy, groups } = await trio();
    const [ana, bo, gone] = groups;
    const removal = await stage(ana, { removes: [leafOf(ana, cy)], data: withoutPeople(ana, [cy]) });
    const atBo = await process(bo, removal.commit);
    const sealed = (await sealGroupInfo(removal.next, NOW)) ?? expect.fail('no info');
    expect(openGroupInfo(groupIdOf(ana), key(atBo.next), sealed).ok).toBe(true);
    expect(openGroupInfo(groupIdOf(ana), key(gone), sealed)).toMatchObject({ error: { code: 'tampered' } });
    const info = await groupInfoBytes(removal.next, NOW);
    expect(infoKeyIn(info)).toEqual(key(removal.next));
    expect(await comeBack(gone, info, cy, ana)).toMatchObject({ error: { code: 'self-removed' } });
  });

  test('shows nothing of names or certificates', async () => {
    const { groups, ana } = await trio();
    const sealed = Buffer.from((await sealGroupInfo(groups[0], NOW)) ?? []);
    expect(sealed.includes(Buffer.from('Ana'))).toBe(false);
    expect(sealed.includes(Buffer.from(ana.certificate))).toBe(false);
  });
});

describe('a plea', () => {
  test('is answered by whoever knows the device, for it alone', async () => {
    const { bo, groups } = await trio();
    const asked = await createPlea(bo, groupIdOf(groups[0]), 'moderator', CLASSICAL_SUITE);
    expect(isPlea(asked.plea)).toBe(true);
    const plea = unwrap(readPlea(asked.plea, groups[0]));
    expect(plea).toMatchObject({ role: 'moderator', member: { device: bo.device } });
    const { next } = await stage(groups[0], {});
    const info = await groupInfoBytes(next, NOW);
    const answer = await sealToPlea(next, plea.key, info);
    expect(isAnswer(answer)).toBe(true);
    expect(unwrap(await openAnswer(answer, asked.privateKey, CLASSICAL_SUITE))).toEqual(info);
    const other = await createPlea(bo, groupIdOf(groups[0]), 'moderator', CLASSICAL_SUITE);
    expect(await openAnswer(answer, other.privateKey, CLASSICAL_SUITE)).toMatchObject({ error: { code: 'tampered' } });
    const back = unwrap(await comeBack(groups[1], info, bo, groups[0])) ?? expect.fail('nothing to do');
    expect((await process(next, back.commit)).committer.device).toBe(bo.device);
  });

  test('of a stranger, for another group, or altered, is refused', async () => {
    const { bo, groups } = await trio();
    const eve = createPerson('Eve').newDevice();
    const strange = await createPlea(eve, groupIdOf(groups[0]), 'owner', CLASSICAL_SUITE);
    expect(readPlea(strange.plea, groups[0])).toMatchObject({ error: { code: 'tampered' } });
    const own = await createPlea(bo, groupIdOf(groups[0]), 'owner', CLASSICAL_SUITE);
    const [other] = await groupOfPeople([createPerson('Di').newDevice(), bo]);
    expect(readPlea(own.plea, other as MlsGroup)).toMatchObject({ error: { code: 'tampered' } });
    for (const at of [2, 40, own.plea.length - 3]) {
      const altered = own.plea.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(readPlea(altered, groups[0]).ok).toBe(false);
    }
  });
});
