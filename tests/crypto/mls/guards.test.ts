import {
  createApplicationMessage,
  createProposal,
  encodeMlsMessage,
  type Extension,
  type KeyPackage,
  type LeafNodeKeyPackage,
  type Proposal,
} from 'ts-mls';
import { signKeyPackage } from 'ts-mls/keyPackage.js';
import { signLeafNodeKeyPackage } from 'ts-mls/leafNode.js';
import { describe, expect, test } from 'vitest';
import { concat, hexFromBytes, type Bytes } from '../../../src/lib/core/bytes.ts';
import { newId, type GroupId } from '../../../src/lib/core/ids.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import { extensionsOf } from '../../../src/lib/crypto/mls/commits.ts';
import { capabilities, configAt } from '../../../src/lib/crypto/mls/config.ts';
import { callState, stateOf } from '../../../src/lib/crypto/mls/group.ts';
import { processCommit, joinFromWelcome } from '../../../src/lib/crypto/mls/follow.ts';
import {
  CLASSICAL_SUITE,
  createKeyPackages,
  createLeaveNote,
  createMlsGroup,
  dataOf,
  groupToBytes,
  membersOf,
  ownLeafOf,
  readKeyPackage,
  stageCommit,
  SUITE,
  takeExporterSecret,
  type MlsGroup,
} from '../../../src/lib/crypto/mls/index.ts';
import { checkContent, generatePair } from '../../../src/lib/crypto/mls/keyPackages.ts';
import { verifiedLeavers } from '../../../src/lib/crypto/mls/leaveNote.ts';
import { bytesFromKeyPackage, keyPackageFromBytes } from '../../../src/lib/crypto/mls/messages.ts';
import { algorithmsOf } from '../../../src/lib/crypto/mls/suite.ts';
import { bytesFromCertificate, certificateFromBytes, type Certificate } from '../../../src/lib/protocol/certificate.ts';
import { KEY_PACKAGE_LIFETIME_MS } from '../../../src/lib/protocol/limits.ts';
import { addOf, extensionsProposal, removeOf, rewriteOf, rogueCommit } from './rogue.ts';
import {
  createPerson,
  entry,
  groupData,
  groupOfPeople,
  leafOf,
  newGroup,
  NOW,
  packageOf,
  seeded,
  stage,
  withoutPeople,
  withPeople,
  type Device,
} from './world.ts';

const anaPerson = createPerson('Ana');
const ana = anaPerson.newDevice();
const boPerson = createPerson('Bo');
const bo = boPerson.newDevice();
const cyPerson = createPerson('Cy');
const cy = cyPerson.newDevice();
const cs = await algorithmsOf(CLASSICAL_SUITE);

const people = async (...devices: Device[]): Promise<[MlsGroup, MlsGroup, MlsGroup]> =>
  (await groupOfPeople(devices)) as [MlsGroup, MlsGroup, MlsGroup];

const rejected = (detail: string) => ({ error: { code: 'policy-rejected', detail } });

describe('a leaf is accepted only with a certificate that fits', () => {
  /** Somebody who changed a byte, or took a certificate that isn't theirs. */
  const impostors: [string, Device][] = [
    ['of another device', { ...cy, certificate: bo.certificate }],
    ['of another account key', { ...cy, certificate: withField({ accountKey: new Uint8Array(32).fill(5) }) }],
    ['with another name hash', { ...cy, certificate: withField({ nameHash: new Uint8Array(32) }) }],
    ['cut short', { ...cy, certificate: cy.certificate.slice(0, -1) }],
    ['that is none', { ...cy, certificate: new Uint8Array([1, 2, 3]) }],
  ];
  function withField(change: object): Bytes {
    return bytesFromCertificate({ ...unwrap(certificateFromBytes(cy.certificate)), ...change });
  }

  test.each(impostors)('not one %s', async (_, impostor) => {
    const kp = await packageOf(impostor);
    expect(await readKeyPackage(kp.publicBytes, NOW)).toMatchObject({ error: { code: 'bad-certificate' } });
    const [a, b] = await people(ana, bo);
    const forced = await rogueCommit(a, [addOf(kp.publicBytes), rewriteOf(withPeople(a, [cy]))]).catch(() => undefined);
    if (forced === undefined) return; // Our own code can't even make sense of such a tree.
    expect(await processCommit(b, forced.commit, NOW)).toMatchObject({ error: { code: 'bad-certificate' } });
  });

  test('a newcomer refuses a tree with an impostor in it', async () => {
    const kp = await packageOf(cy);
    const impostor = await packageOf({ ...bo, certificate: ana.certificate });
    const alone = await newGroup(ana);
    const commit = await rogueWelcome(alone, [impostor.publicBytes, kp.publicBytes]);
    expect(await joinFromWelcome(commit, kp.privateBundle, cy, NOW)).toMatchObject({
      error: { code: 'bad-certificate' },
    });
  });

  /** The Welcome of a commit whose own result our types can't hold. */
  async function rogueWelcome(group: MlsGroup, adds: Bytes[]): Promise<Bytes> {
    const made = await rogueCommit(group, adds.map(addOf));
    if (made.welcome === undefined) throw new Error('no welcome');
    return made.welcome;
  }
});

describe('a package is accepted only with the content that ours have', () => {
  const extension = { extensionType: 0xf0cb, extensionData: new Uint8Array() };
  const key = new Uint8Array(32).fill(9);
  test.each<[string, string, Parameters<typeof repack>[1]]>([
    ['that doesn’t know our group data', 'invalid', { leaf: { capabilities: { ...capabilities(), extensions: [] } } }],
    ['with one key for two uses', 'invalid', { leaf: { hpkePublicKey: key }, whole: { initKey: key } }],
    ['with an unknown extension', 'invalid', { whole: { extensions: [extension] } }],
    ['with an extension of the leaf', 'invalid', { leaf: { extensions: [{ ...extension, extensionType: 0x000a }] } }],
    ['that ends before it begins', 'expired-key-package', { leaf: { lifetime: { notBefore: 9n, notAfter: 8n } } }],
  ])('not one %s', async (_, code, changes) => {
    const bytes = await repack(cy, changes);
    expect(await readKeyPackage(bytes, NOW)).toMatchObject({ error: { code } });
    // The same check runs for every package in a commit, whatever the time.
    expect(checkContent(unwrap(keyPackageFromBytes(bytes)))).toMatchObject({ error: { code } });
  });

  test('and opened only by the device it was made for', async () => {
    const [a] = await people(ana, bo);
    const kp = await packageOf(cy);
    const { welcome } = await stage(a, { adds: [kp.publicBytes], data: withPeople(a, [cy]) });
    const other = cyPerson.newDevice();
    expect(await joinFromWelcome(welcome as Bytes, kp.privateBundle, other, NOW)).toMatchObject({
      error: { code: 'malformed', detail: 'bundle of another signature key' },
    });
  });

  test('a Welcome carries the tree and nothing else', async () => {
    const [a] = await people(ana, bo);
    const kp = await packageOf(cy);
    const more = await rogueCommit(a, [addOf(kp.publicBytes), rewriteOf(withPeople(a, [cy]))], {
      send: { groupInfoExtensions: [extension] },
    });
    expect(await joinFromWelcome(more.welcome as Bytes, kp.privateBundle, cy, NOW)).toMatchObject(
      rejected('extensions'),
    );
  });
});

describe('what a commit may carry', () => {
  const cases: [string, Proposal, string][] = [
    [
      'reinit',
      {
        proposalType: 'reinit',
        reinit: { groupId: new Uint8Array(16), version: 'mls10', cipherSuite: cs.name, extensions: [] },
      },
      'proposal-type',
    ],
    ['a type of somebody’s own', { proposalType: 0xf123, proposalData: new Uint8Array() }, 'proposal-type'],
  ];
  test.each(cases)('not %s', async (_, proposal, detail) => {
    const [a, b] = await people(ana, bo);
    const { commit } = await rogueCommit(a, [proposal]);
    expect(await processCommit(b, commit, NOW)).toMatchObject(rejected(detail));
  });

  test('no PSK: nobody has any', async () => {
    const [a, b] = await people(ana, bo);
    const psk: Proposal = {
      proposalType: 'psk',
      psk: { preSharedKeyId: { psktype: 'external', pskId: new Uint8Array([1]), pskNonce: new Uint8Array(32) } },
    };
    const made = rogueCommit(a, [psk], { change: (state) => state });
    await expect(made).rejects.toThrow();
    expect(await stageCommit(b, {}, NOW)).toMatchObject({ ok: true });
  });

  const required = (): Extension =>
    unwrap(extensionsOf({ data: groupData([entry(ana, 'owner')]), left: [] }))[0] as Extension;
  test.each<[string, (g: MlsGroup) => Extension[]]>([
    ['none', () => []],
    ['without the group data', () => [required()]],
    [
      'with one more',
      (g) => [...stateOf(g).groupContext.extensions, { extensionType: 0xf0cb, extensionData: new Uint8Array() }],
    ],
    ['in another order', (g) => [...stateOf(g).groupContext.extensions].reverse()],
  ])('not extensions %s', async (_, extensions) => {
    const [a, b] = await people(ana, bo);
    const { commit } = await rogueCommit(a, [extensionsProposal(extensions(a))]);
    expect(await processCommit(b, commit, NOW)).toMatchObject(rejected('extensions'));
  });

  test('no group data in a second spelling, nor out of order', async () => {
    const [a, b] = await people(ana, bo);
    const [first, data] = stateOf(a).groupContext.extensions as [Extension, Extension];
    const longer = { ...data, extensionData: concat(data.extensionData, new Uint8Array([0])) };
    const { commit } = await rogueCommit(a, [extensionsProposal([first, longer])]);
    expect(await processCommit(b, commit, NOW)).toMatchObject({ error: { code: 'malformed' } });
  });

  test('no proposal on its own, no public message, no application message', async () => {
    const [a, b] = await people(ana, bo);
    const state = callState(a, configAt(NOW).config);
    const proposal = await createProposal(state, false, removeOf(1), cs);
    expect(await processCommit(b, encodeMlsMessage(proposal.message), NOW)).toMatchObject(rejected('content proposal'));
    const open = await rogueCommit(a, [], { send: { wireAsPublicMessage: true } });
    expect(await processCommit(b, open.commit, NOW)).toMatchObject({
      error: { code: 'malformed', detail: 'mls_public_message' },
    });
    const noted = await rogueCommit(a, [], { send: { authenticatedData: new Uint8Array([1]) } });
    expect(await processCommit(b, noted.commit, NOW)).toMatchObject(rejected('authenticated-data'));
    await expect(createApplicationMessage(state, new Uint8Array([1]), cs)).rejects.toThrow();
  });
});

describe('what the tree must keep to', () => {
  test('one leaf for a device', async () => {
    const [a, b] = await people(ana, bo, cy);
    // The same device with a second signature key, certified by its own account.
    const kp = await packageOf(cyPerson.newDevice(cy.device));
    expect(await stageCommit(a, { adds: [kp.publicBytes] }, NOW)).toMatchObject(rejected('device-twice'));
    const forced = await rogueCommit(a, [addOf(kp.publicBytes)]);
    expect(await processCommit(b, forced.commit, NOW)).toMatchObject(rejected('device-twice'));
  });

  test('one encryption key for a node, also when nothing but a device comes', async () => {
    const [a, b] = await people(ana, bo);
    const tablet = anaPerson.newDevice();
    const stolen = stateOf(a).ratchetTree[2];
    if (stolen?.nodeType !== 'leaf') throw new Error('no leaf');
    const bytes = await repack(tablet, { leaf: { hpkePublicKey: stolen.leaf.hpkePublicKey } });
    expect((await readKeyPackage(bytes, NOW)).ok).toBe(true);
    expect(await stageCommit(a, { adds: [bytes] }, NOW)).toMatchObject(rejected('key-twice'));
    const forced = await rogueCommit(a, [addOf(bytes)]);
    expect(await processCommit(b, forced.commit, NOW)).toMatchObject(rejected('key-twice'));
  });

  test('names that certificates vouch for', async () => {
    const [a, b] = await people(ana, bo);
    const kp = await packageOf(cy);
    const renamed = { ...cy, card: { ...cy.card, name: 'Mallory' } };
    const data = withPeople(a, [renamed]);
    expect(await stageCommit(a, { adds: [kp.publicBytes], data }, NOW)).toMatchObject(rejected('name-card'));
    const forced = await rogueCommit(a, [addOf(kp.publicBytes), rewriteOf(data)]);
    expect(await processCommit(b, forced.commit, NOW)).toMatchObject(rejected('name-card'));
    expect(await joinFromWelcome(forced.welcome as Bytes, kp.privateBundle, cy, NOW)).toMatchObject(
      rejected('name-card'),
    );
  });

  test.each<[string, Partial<Certificate>]>([
    ['as another device', { device: cy.device }],
    ['with an older certificate', { sequence: 0 }],
  ])('a committer does not come back %s', async (_, changes) => {
    const [a, b] = await people(ana, bo);
    const renewal = (certificate: Bytes) =>
      rogueCommit(b, [], {
        change: (state) => ({
          ...state,
          ratchetTree: state.ratchetTree.map((node, i) =>
            i === 2 && node?.nodeType === 'leaf'
              ? { ...node, leaf: { ...node.leaf, credential: { credentialType: 'basic', identity: certificate } } }
              : node,
          ),
        }),
      });
    const newer = await renewal(boPerson.recertify(bo, { sequence: 2 }));
    expect((await processCommit(a, newer.commit, NOW)).ok).toBe(true);
    const other = await renewal(boPerson.recertify(bo, changes));
    expect(await processCommit(a, other.commit, NOW)).toMatchObject(rejected('committer-changed'));
    const stolen = await renewal(cy.certificate);
    expect(await processCommit(a, stolen.commit, NOW)).toMatchObject({ error: { code: 'bad-certificate' } });
  });
});

describe('what belongs to another group, epoch or suite', () => {
  test('a commit of another group or of an epoch ahead', async () => {
    const [a, b] = await people(ana, bo);
    const [c] = await people(cy);
    const first = await stage(a, {});
    const second = await stage(first.next, {});
    expect(await processCommit(b, second.commit, NOW)).toMatchObject({
      error: { code: 'wrong-epoch', retry: 'after-sync', detail: '2 1' },
    });
    expect(await processCommit(c, first.commit, NOW)).toMatchObject({ error: { code: 'invalid' } });
  });

  test('a package or Welcome of another suite', async () => {
    const [a] = await people(ana, bo);
    const strong = await packageOf(cy, SUITE);
    expect(await stageCommit(a, { adds: [strong.publicBytes], data: withPeople(a, [cy]) }, NOW)).toMatchObject({
      error: { code: 'unsupported-version' },
    });
    const kp = await packageOf(cy);
    const { welcome } = await stage(a, { adds: [kp.publicBytes], data: withPeople(a, [cy]) });
    expect(await joinFromWelcome(welcome as Bytes, strong.privateBundle, cy, NOW)).toMatchObject({
      error: { code: 'no-key-package' },
    });
    const other = await packageOf(cy);
    expect(await joinFromWelcome(welcome as Bytes, other.privateBundle, cy, NOW)).toMatchObject({
      error: { code: 'no-key-package' },
    });
  });

  test('another protocol version', async () => {
    const kp = await packageOf(cy);
    const newer = concat(new Uint8Array([0, 2]), kp.publicBytes.subarray(2));
    expect(await readKeyPackage(newer, NOW)).toMatchObject({ error: { code: 'unsupported-version' } });
  });
});

test('no single changed bit gets through, and none throws', async () => {
  const [a, b] = await people(ana, bo);
  const kp = await packageOf(cy);
  const staged = await stage(a, { adds: [kp.publicBytes], data: withPeople(a, [cy]) });
  const welcome = staged.welcome as Bytes;
  const random = seeded('bits');
  for (let i = 0; i < 60; i++) {
    const flip = (bytes: Bytes): Bytes => {
      const copy = bytes.slice();
      const at = new DataView(random.bytes(4).buffer).getUint32(0) % copy.length;
      copy[at] = (copy[at] ?? 0) ^ (1 << ((random.bytes(1)[0] ?? 0) % 8));
      return copy;
    };
    expect((await processCommit(b, flip(staged.commit), NOW)).ok).toBe(false);
    expect((await joinFromWelcome(flip(welcome), kp.privateBundle, cy, NOW)).ok).toBe(false);
    expect((await readKeyPackage(flip(kp.publicBytes), NOW)).ok).toBe(false);
  }
  expect((await processCommit(b, staged.commit, NOW)).ok).toBe(true);
});

describe('leaving', () => {
  test('a note lets any member commit the removal of all the account’s devices', async () => {
    const cyPhone = cyPerson.newDevice();
    const [a, b, c] = await people(ana, bo, cy);
    const kp = await packageOf(cyPhone);
    const second = await stage(c, { adds: [kp.publicBytes] });
    const [a2, b2] = [a, b].map(async (g) => unwrap(await processCommit(g, second.commit, NOW)).next);
    const note = createLeaveNote(second.next, cy);
    const bNow = await (b2 as Promise<MlsGroup>);
    const change = {
      removes: [leafOf(bNow, cy), leafOf(bNow, cyPhone)],
      data: withoutPeople(bNow, [cy]),
    };
    expect(await stageCommit(bNow, change, NOW)).toMatchObject(rejected('may-not-remove'));
    const left = await stage(bNow, { ...change, leaveNotes: [note] });
    const seen = unwrap(await processCommit(await (a2 as Promise<MlsGroup>), left.commit, NOW));
    expect(seen.removed.map((m) => m.device)).toEqual([cy.device, cyPhone.device]);
    expect(unwrap(await processCommit(second.next, left.commit, NOW)).selfRemoved).toBe(true);
    // The note stays readable in the group data until it is next written, and harms nobody.
    const renew = await stage(left.next, {});
    expect((await processCommit(seen.next, renew.commit, NOW)).ok).toBe(true);
  });

  test('a note is no good in another group, by another device, or once the leaf has changed', async () => {
    const [a, b, c] = await people(ana, bo, cy);
    const remove = { removes: [leafOf(b, cy)], data: withoutPeople(b, [cy]) };
    const elsewhere = await createMlsGroup(
      cy,
      newId<GroupId>(seeded('x')),
      groupData([entry(cy, 'owner')]),
      NOW,
      CLASSICAL_SUITE,
    );
    for (const note of [createLeaveNote(elsewhere, cy), createLeaveNote(c, bo), new Uint8Array([1])]) {
      expect(await stageCommit(b, { ...remove, leaveNotes: [note] }, NOW)).toMatchObject(rejected('leave-note'));
      const forced = await rogueCommit(b, [removeOf(leafOf(b, cy)), rewriteOf(remove.data, [note])]);
      expect(await processCommit(a, forced.commit, NOW)).toMatchObject(rejected('leave-note'));
    }
    const note = createLeaveNote(c, cy);
    const state = stateOf(c);
    const twin = { ...state, groupContext: { ...state.groupContext, groupId: new Uint8Array(16) } };
    expect(verifiedLeavers([note], state)).toEqual({ ok: true, value: [cy.account] });
    expect(verifiedLeavers([note], twin)).toMatchObject(rejected('leave-note'));
    const stayed = await stage(c, {});
    const bNext = unwrap(await processCommit(b, stayed.commit, NOW)).next;
    expect(await stageCommit(bNext, { ...remove, leaveNotes: [note] }, NOW)).toMatchObject(rejected('leave-note'));
  });
});

describe('the exporter secret', () => {
  test('is the same for all, is gone from the state once taken, and new in each epoch', async () => {
    const [a, b] = await people(ana, bo);
    const before = stateOf(b).keySchedule.exporterSecret;
    expect(hexFromBytes(groupToBytes(b))).toContain(hexFromBytes(before));
    const mine = await takeExporterSecret(a);
    const yours = await takeExporterSecret(b);
    expect(mine.secret).toEqual(yours.secret);
    expect(mine.secret).toHaveLength(32);
    const stored = hexFromBytes(groupToBytes(yours.next));
    expect(stored).not.toContain(hexFromBytes(before));
    expect(stored).not.toContain(hexFromBytes(yours.secret));
    await expect(takeExporterSecret(yours.next)).rejects.toThrow(TypeError);

    const renewed = await stage(mine.next, {});
    const { next } = unwrap(await processCommit(yours.next, renewed.commit, NOW));
    const later = await takeExporterSecret(next);
    expect(later.secret).toEqual((await takeExporterSecret(renewed.next)).secret);
    expect(later.secret).not.toEqual(mine.secret);
  });
});

describe('packages and groups', () => {
  test('a last-resort package says so', async () => {
    const [kp] = await createKeyPackages(bo, 1, { now: NOW, lastResort: true, lifetimeMs: KEY_PACKAGE_LIFETIME_MS });
    expect(kp).toMatchObject({ lastResort: true, suite: SUITE });
    expect(await readKeyPackage(kp?.publicBytes ?? new Uint8Array(), NOW)).toMatchObject({
      value: { lastResort: true },
    });
  });

  test('each package is another one', async () => {
    const made = await createKeyPackages(bo, 3, {
      now: NOW,
      lastResort: false,
      lifetimeMs: KEY_PACKAGE_LIFETIME_MS,
      suite: CLASSICAL_SUITE,
    });
    expect(new Set(made.map((kp) => kp.ref)).size).toBe(3);
  });

  test('a group begins with its maker alone', async () => {
    const id = newId<GroupId>(seeded('new'));
    const crowd = groupData([entry(ana, 'owner'), entry(bo, 'member')]);
    await expect(createMlsGroup(ana, id, crowd, NOW, CLASSICAL_SUITE)).rejects.toThrow('roster-tree-mismatch');
    const posing = groupData([entry({ ...ana, card: bo.card }, 'owner')]);
    await expect(createMlsGroup(ana, id, posing, NOW, CLASSICAL_SUITE)).rejects.toThrow('name-card');
  });

  test('a staged commit that is dropped leaves everything as it was', async () => {
    const [a, b] = await people(ana, bo);
    const bytes = groupToBytes(a);
    await stage(a, { data: { ...dataOf(a), name: 'lost' } });
    expect(groupToBytes(a)).toEqual(bytes);
    const won = await stage(b, {});
    expect((await processCommit(a, won.commit, NOW)).ok).toBe(true);
    expect(ownLeafOf(a)).toBe(0);
    expect(membersOf(a)).toHaveLength(2);
  });
});

/** A package of `device` with other content, signed as it must be. */
async function repack(
  device: Device,
  changes: { leaf?: Partial<LeafNodeKeyPackage>; whole?: Partial<KeyPackage> },
): Promise<Bytes> {
  const lifetime = { notBefore: NOW / 1000 - 5, notAfter: NOW / 1000 + 5 };
  const { publicPackage } = await generatePair(device, CLASSICAL_SUITE, lifetime);
  const leaf = { ...publicPackage.leafNode, ...changes.leaf };
  const leafNode = await signLeafNodeKeyPackage(leaf, device.signaturePrivate, cs.signature);
  const whole = { ...publicPackage, leafNode, ...changes.whole };
  return bytesFromKeyPackage(await signKeyPackage(whole, device.signaturePrivate, cs.signature));
}
