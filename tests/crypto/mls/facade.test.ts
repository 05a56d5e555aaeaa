import { describe, expect, test } from 'vitest';
import { hexFromBytes } from '../../../src/lib/core/bytes.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import { processCommit, joinFromWelcome, welcomeRefs } from '../../../src/lib/crypto/mls/follow.ts';
import {
  authenticatorHashOf,
  CLASSICAL_SUITE,
  dataOf,
  epochOf,
  groupFromBytes,
  groupIdOf,
  groupToBytes,
  isActive,
  membersOf,
  ownLeafOf,
  readKeyPackage,
  stageCommit,
  SUITE,
  suiteOf,
  takeExporterSecret,
} from '../../../src/lib/crypto/mls/index.ts';
import {
  createPerson,
  groupOfPeople,
  leafOf,
  newGroup,
  NOW,
  packageOf,
  stage,
  withoutPeople,
  withPeople,
} from './world.ts';

const ana = createPerson('Ana').newDevice();
const bo = createPerson('Bo').newDevice();
const cy = createPerson('Cy').newDevice();

describe.each([SUITE, CLASSICAL_SUITE] as const)('a group in suite %i', (suite) => {
  test('two people meet: add, welcome, join, and both are in the same epoch', async () => {
    const alone = await newGroup(ana, suite);
    const kp = await packageOf(bo, suite);
    const staged = await stage(alone, { adds: [kp.publicBytes], data: withPeople(alone, [bo]) });
    expect(epochOf(alone)).toBe(0);
    expect(welcomeRefs(staged.welcome!)).toEqual({ ok: true, value: [kp.ref] });

    const joined = unwrap(await joinFromWelcome(staged.welcome!, kp.privateBundle, bo, NOW));
    expect(epochOf(joined)).toBe(1);
    expect(suiteOf(joined)).toBe(suite);
    expect(groupIdOf(joined)).toBe(groupIdOf(alone));
    expect(authenticatorHashOf(joined)).toEqual(authenticatorHashOf(staged.next));
    expect(membersOf(joined).map((m) => [m.leaf, m.account, m.device])).toEqual([
      [0, ana.account, ana.device],
      [1, bo.account, bo.device],
    ]);
    expect(ownLeafOf(joined)).toBe(1);
    expect(dataOf(joined)).toEqual(dataOf(staged.next));
    expect((await takeExporterSecret(joined)).secret).toEqual((await takeExporterSecret(staged.next)).secret);
  });

  test('a third comes and goes; everybody sees who did what', async () => {
    const [a, b] = (await groupOfPeople([ana, bo], { suite })) as [never, never];
    const kp = await packageOf(cy, suite);
    const adding = await stage(a, { adds: [kp.publicBytes], data: withPeople(a, [cy]) });
    const seen = unwrap(await processCommit(b, adding.commit, NOW));
    expect(seen.committer.account).toBe(ana.account);
    expect(seen.added.map((m) => m.account)).toEqual([cy.account]);
    expect(seen.removed).toEqual([]);
    expect(seen.before.roster).toHaveLength(2);
    expect(seen.after.roster).toHaveLength(3);
    const c = unwrap(await joinFromWelcome(adding.welcome!, kp.privateBundle, cy, NOW));

    const removing = await stage(adding.next, { removes: [leafOf(c, cy)], data: withoutPeople(c, [cy]) });
    const bAfter = unwrap(await processCommit(seen.next, removing.commit, NOW));
    expect(bAfter.removed.map((m) => m.account)).toEqual([cy.account]);
    expect(authenticatorHashOf(bAfter.next)).toEqual(authenticatorHashOf(removing.next));

    const out = unwrap(await processCommit(c, removing.commit, NOW));
    expect(out.selfRemoved).toBe(true);
    expect(isActive(out.next)).toBe(false);
    expect(out.after.roster).toHaveLength(2);
    expect(await processCommit(out.next, removing.commit, NOW)).toMatchObject({ error: { code: 'self-removed' } });
    expect(await stageCommit(out.next, {}, NOW)).toMatchObject({ error: { code: 'self-removed' } });
  });

  test('a state survives the store, without the signature key in it', async () => {
    const [a, b] = (await groupOfPeople([ana, bo], { suite })) as [never, never];
    const bytes = groupToBytes(b);
    expect(hexFromBytes(bytes)).not.toContain(hexFromBytes(bo.signaturePrivate));
    const restored = unwrap(groupFromBytes(bytes, bo));
    const update = await stage(a, {});
    const next = unwrap(await processCommit(restored, update.commit, NOW)).next;
    expect(authenticatorHashOf(next)).toEqual(authenticatorHashOf(update.next));
    const back = await stage(next, {});
    expect((await processCommit(update.next, back.commit, NOW)).ok).toBe(true);
    expect(groupFromBytes(bytes, ana)).toMatchObject({ error: { code: 'malformed' } });
    expect(groupFromBytes(bytes.subarray(0, -1), bo)).toMatchObject({ error: { code: 'malformed' } });
  });
});

test('a package tells whose it is and until when', async () => {
  const kp = await packageOf(bo, SUITE);
  const read = unwrap(await readKeyPackage(kp.publicBytes, NOW));
  expect(read).toMatchObject({
    ref: kp.ref,
    account: bo.account,
    device: bo.device,
    suite: SUITE,
    notAfter: kp.notAfter,
    lastResort: false,
  });
  expect(kp.publicBytes.length).toBeLessThan(4096);
});
