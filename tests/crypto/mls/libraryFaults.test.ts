import {
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPubAndRatchetTree,
  emptyPskIndex,
  joinGroup,
  joinGroupExternal,
  processPrivateMessage,
  type ClientState,
} from 'ts-mls';
import { validateRatchetTree } from 'ts-mls/clientState.js';
import { encryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { encodeGroupInfo, extractWelcomeSecret } from 'ts-mls/groupInfo.js';
import { encodeGroupSecrets } from 'ts-mls/groupSecrets.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { getCommitSecret } from 'ts-mls/pathSecrets.js';
import { toLeafIndex, toNodeIndex } from 'ts-mls/treemath.js';
import {
  decryptGroupInfo,
  decryptGroupSecrets,
  encryptGroupSecrets,
  welcomeKey,
  welcomeNonce,
} from 'ts-mls/welcome.js';
import { describe, expect, test } from 'vitest';
import { concat, type Bytes } from '../../../src/lib/core/bytes.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import { extensionsOf } from '../../../src/lib/crypto/mls/commits.ts';
import { configAt } from '../../../src/lib/crypto/mls/config.ts';
import { callState, stateOf } from '../../../src/lib/crypto/mls/group.ts';
import { processCommit, joinFromWelcome, welcomeRefs } from '../../../src/lib/crypto/mls/follow.ts';
import {
  authenticatorHashOf,
  CLASSICAL_SUITE,
  createKeyPackages,
  dataOf,
  epochOf,
  groupFromBytes,
  groupToBytes,
  readKeyPackage,
  stageCommit,
  type MlsGroup,
} from '../../../src/lib/crypto/mls/index.ts';
import { generatePair, pairFromBundle } from '../../../src/lib/crypto/mls/keyPackages.ts';
import { bytesFromKeyPackage, bytesFromWelcome, welcomeFromBytes } from '../../../src/lib/crypto/mls/messages.ts';
import { algorithmsOf } from '../../../src/lib/crypto/mls/suite.ts';
import { KEY_PACKAGE_LIFETIME_MS } from '../../../src/lib/protocol/limits.ts';
import { addOf, pathlessCommit, removeOf, rewriteOf, rogueCommit } from './rogue.ts';
import {
  createPerson,
  groupData,
  groupOfPeople,
  leafOf,
  newGroup,
  NOW,
  packageOf,
  stage,
  withoutPeople,
  withPeople,
  type Device,
} from './world.ts';

/** One test for each known fault of ts-mls, in the order of docs/protocol.md §2, then those we found ourselves. */

const anaPerson = createPerson('Ana');
const ana = anaPerson.newDevice();
const bo = createPerson('Bo').newDevice();
const cy = createPerson('Cy').newDevice();

const people = async (...devices: Device[]): Promise<[MlsGroup, MlsGroup, MlsGroup]> =>
  (await groupOfPeople(devices)) as [MlsGroup, MlsGroup, MlsGroup];

/** The epoch as somebody would compute it who knows the last one and saw the commit, but opened no path. */
async function epochWithoutPath(old: MlsGroup, next: MlsGroup): Promise<Uint8Array> {
  const { kdf } = await algorithmsOf(CLASSICAL_SUITE);
  const zeros = new Uint8Array(kdf.size);
  const { initSecret } = stateOf(old).keySchedule;
  const epoch = await initializeEpoch(initSecret, zeros, stateOf(next).groupContext, zeros, kdf);
  return epoch.keySchedule.epochAuthenticator;
}

describe('a removed member does not read on', () => {
  test('a removal has a path, and its epoch cannot be computed from the one before', async () => {
    const [a, b, c] = await people(ana, bo, cy);
    const removal = await stage(a, { removes: [leafOf(a, cy)], data: withoutPeople(a, [cy]) });
    const after = unwrap(await processCommit(b, removal.commit, NOW)).next;
    expect(authenticatorHashOf(after)).toEqual(authenticatorHashOf(removal.next));
    expect(await epochWithoutPath(c, removal.next)).not.toEqual(stateOf(removal.next).keySchedule.epochAuthenticator);
  });

  test('nor does the last other member, whose removal leaves the committer alone with an empty path', async () => {
    const [a, b] = await people(ana, bo);
    const removal = await stage(a, { removes: [leafOf(a, bo)], data: withoutPeople(a, [bo]) });
    expect(await epochWithoutPath(b, removal.next)).not.toEqual(stateOf(removal.next).keySchedule.epochAuthenticator);
  });

  test('and knows it also when a newcomer takes the leaf in the same commit', async () => {
    const [a, b] = await people(ana, bo);
    const kp = await packageOf(cy);
    const data = { ...withPeople(a, [cy]), roster: withPeople(a, [cy]).roster.filter((e) => e.account !== bo.account) };
    const swapped = await stage(a, { removes: [leafOf(a, bo)], adds: [kp.publicBytes], data });
    expect(leafOf(swapped.next, cy)).toBe(leafOf(a, bo));
    expect(unwrap(await processCommit(b, swapped.commit, NOW))).toMatchObject({
      selfRemoved: true,
      added: [{ account: cy.account }],
      removed: [{ account: bo.account }],
    });
  });

  test('a removal without a path is refused', async () => {
    const [a, b] = await people(ana, bo, cy);
    const commit = await pathlessCommit(a, [removeOf(2), rewriteOf(withoutPeople(a, [cy]))]);
    expect(await processCommit(b, commit, NOW)).toMatchObject({
      error: { code: 'invalid', detail: 'Update path is required' },
    });
  });
});

describe('unmerged leaves (RFC 9420 §12.4.3.1)', () => {
  test('a newcomer accepts a parent that lists a leaf which the root no longer lists', async () => {
    // Nine devices of one account. Node 11 covers leaves 4 to 7; leaf 4 fills it before leaf 7 arrives, and
    // leaf 0 renews the root after that.
    const devices = [ana, ...Array.from({ length: 8 }, () => anaPerson.newDevice())];
    const groups = [await newGroup(ana)];
    const at = (i: number): MlsGroup => groups[i] ?? (groups[0] as MlsGroup);
    async function commit(by: number, change: { adds?: Bytes[] }): Promise<Bytes | undefined> {
      const staged = await stage(at(by), change);
      for (const [i, group] of groups.entries()) {
        groups[i] = i === by ? staged.next : unwrap(await processCommit(group, staged.commit, NOW)).next;
      }
      return staged.welcome;
    }
    for (const [i, device] of devices.entries()) {
      if (i === 0) continue;
      if (i === 7) await commit(4, {});
      if (i === 8) await commit(0, {});
      const kp = await packageOf(device);
      const welcome = await commit(0, { adds: [kp.publicBytes] });
      if (welcome === undefined) throw new Error('no welcome');
      groups.push(unwrap(await joinFromWelcome(welcome, kp.privateBundle, device, NOW)));
    }
    const tree = stateOf(at(8)).ratchetTree;
    expect(tree[11]).toMatchObject({ parent: { unmergedLeaves: [7] } });
    expect(tree[7]).toMatchObject({ parent: { unmergedLeaves: [] } });
    expect(new Set(groups.map((g) => authenticatorHashOf(g).join())).size).toBe(1);
  });

  test.each([
    ['node 1 lists a leaf that is not below it', 1, [2], 'non-blank descendant'],
    ['node 1 lists a leaf beyond the tree', 1, [4_000_000_000], 'non-blank descendant'],
    ['the root lists a blank leaf', 3, [3], 'non-blank descendant'],
    ['the root lists a leaf that node 1 does not list', 3, [1], 'non-blank intermediate node'],
  ])('but not a tree where %s', async (_, node, unmergedLeaves, reason) => {
    const devices = [ana, anaPerson.newDevice(), anaPerson.newDevice()];
    const owner = (await groupOfPeople([ana]))[0] as MlsGroup;
    const packages = await Promise.all(devices.slice(1).map((device) => packageOf(device)));
    const filled = await stage(owner, { adds: packages.map((kp) => kp.publicBytes), data: dataOf(owner) });
    const state = stateOf(filled.next);
    const forged = state.ratchetTree.map((n, i) =>
      i === node && n?.nodeType === 'parent'
        ? { ...n, parent: { ...n.parent, unmergedLeaves: unmergedLeaves.map(toLeafIndex) } }
        : n,
    );
    const cs = await algorithmsOf(CLASSICAL_SUITE);
    const { lifetimeConfig, authService } = configAt(NOW).config;
    const check = (tree: typeof forged) =>
      validateRatchetTree(tree, state.groupContext, lifetimeConfig, authService, state.groupContext.treeHash, cs);
    expect(await check(state.ratchetTree)).toBeUndefined();
    expect((await check(forged))?.message).toContain(reason);
  });
});

test('an external resync with the key of nobody ends', async () => {
  const [a] = await people(ana, bo);
  const cs = await algorithmsOf(CLASSICAL_SUITE);
  const { config } = configAt(NOW);
  const info = await createGroupInfoWithExternalPubAndRatchetTree(callState(a, config), [], cs);
  const stranger = await generatePair(cy, CLASSICAL_SUITE, { notBefore: 0, notAfter: 1 });
  const join = joinGroupExternal(info, stranger.publicPackage, stranger.privatePackage, true, cs, undefined, config);
  await expect(join).rejects.toThrow('No leaf of the tree has this signature key');
});

describe('a message that was opened does not open again', () => {
  test('a commit', async () => {
    const [a, b] = await people(ana, bo);
    const staged = await stage(a, {});
    const done = unwrap(await processCommit(b, staged.commit, NOW));
    expect(await processCommit(done.next, staged.commit, NOW)).toMatchObject({
      error: { code: 'wrong-epoch', detail: '1 2' },
    });
  });

  test('nor a message of a generation that was skipped or used', async () => {
    const { config } = configAt(NOW);
    const cs = await algorithmsOf(CLASSICAL_SUITE);
    // Straight from the library's state: the facade keeps no ratchet for application messages at all.
    const [a, b] = await applicationStates();
    const first = await createApplicationMessage(a, new Uint8Array([1]), cs);
    const second = await createApplicationMessage(first.newState, new Uint8Array([2]), cs);
    const open = (state: ClientState, message: typeof first.privateMessage) =>
      processPrivateMessage({ ...state, clientConfig: config }, message, emptyPskIndex, cs);
    const opened = await open(b, second.privateMessage);
    expect(opened).toMatchObject({ kind: 'applicationMessage' });
    await expect(open(opened.newState, second.privateMessage)).rejects.toThrow('Desired gen in the past');
    await expect(open(opened.newState, first.privateMessage)).rejects.toThrow('Desired gen in the past');
  });

  test('and the state keeps no secrets of past epochs', async () => {
    const [a, b] = await people(ana, bo);
    const staged = await stage(a, {});
    const { next } = unwrap(await processCommit(b, staged.commit, NOW));
    expect(stateOf(next).historicalReceiverData.size).toBe(0);
    expect(stateOf(staged.next).historicalReceiverData.size).toBe(0);
  });
});

describe('changing the group data takes a path', () => {
  test('when we send it', async () => {
    const [a, b] = await people(ana, bo);
    const leafKey = (g: MlsGroup) => {
      const node = stateOf(g).ratchetTree[0];
      return node?.nodeType === 'leaf' ? node.leaf.hpkePublicKey : undefined;
    };
    const staged = await stage(a, { data: { ...dataOf(a), name: 'sea' } });
    expect(leafKey(staged.next)).not.toEqual(leafKey(a));
    // And the others can open it: the path is sealed under the new data on both sides.
    expect(dataOf(unwrap(await processCommit(b, staged.commit, NOW)).next).name).toBe('sea');
  });

  test('when we receive it', async () => {
    const [a, b] = await people(ana, bo);
    const commit = await pathlessCommit(a, [rewriteOf({ ...dataOf(a), name: 'sea' })]);
    expect(await processCommit(b, commit, NOW)).toMatchObject({
      error: { code: 'invalid', detail: 'Update path is required' },
    });
  });
});

describe('bytes after a valid message are refused', () => {
  const more = (bytes: Uint8Array) => concat(bytes, new Uint8Array([0]));

  test('in every type that comes from outside', async () => {
    const [a, b] = await people(ana, bo);
    const kp = await packageOf(cy);
    const staged = await stage(a, { adds: [kp.publicBytes], data: withPeople(a, [cy]) });
    const welcome = staged.welcome as Bytes;
    const malformed = { error: { code: 'malformed' } };
    expect(await readKeyPackage(more(kp.publicBytes), NOW)).toMatchObject(malformed);
    expect(await stageCommit(a, { adds: [more(kp.publicBytes)], data: withPeople(a, [cy]) }, NOW)).toMatchObject(
      malformed,
    );
    expect(await processCommit(b, more(staged.commit), NOW)).toMatchObject(malformed);
    expect(welcomeRefs(more(welcome))).toMatchObject(malformed);
    expect(await joinFromWelcome(more(welcome), kp.privateBundle, cy, NOW)).toMatchObject(malformed);
    expect(await joinFromWelcome(welcome, more(kp.privateBundle), cy, NOW)).toMatchObject(malformed);
    expect(groupFromBytes(more(groupToBytes(a)), ana)).toMatchObject(malformed);
  });

  test('and another spelling of the same message', async () => {
    const [a, b] = await people(ana, bo);
    const { commit } = await stage(a, {});
    // Version (2) ‖ wire format (2) ‖ length of the group id: 16 in one byte, now in two.
    expect(commit[4]).toBe(16);
    const respelled = concat(commit.subarray(0, 4), new Uint8Array([0x40, 16]), commit.subarray(5));
    expect(await processCommit(b, respelled, NOW)).toMatchObject({ error: { code: 'malformed' } });
  });

  test('inside an encrypted GroupInfo too', async () => {
    const [a] = await people(ana, bo);
    const cs = await algorithmsOf(CLASSICAL_SUITE);
    const info = await createGroupInfoWithExternalPubAndRatchetTree(callState(a, configAt(NOW).config), [], cs);
    const joinerSecret = new Uint8Array(32).fill(1);
    const pskSecret = new Uint8Array(32);
    const secret = await extractWelcomeSecret(joinerSecret, pskSecret, cs.kdf);
    const open = async (plaintext: Uint8Array) => {
      const key = await welcomeKey(secret, cs);
      const encryptedGroupInfo = await cs.hpke.encryptAead(key, await welcomeNonce(secret, cs), undefined, plaintext);
      const welcome = { cipherSuite: cs.name, secrets: [], encryptedGroupInfo };
      return decryptGroupInfo(welcome, joinerSecret, pskSecret, cs);
    };
    expect(await open(encodeGroupInfo(info))).toBeDefined();
    expect(await open(more(encodeGroupInfo(info)))).toBeUndefined();
  });

  test('and inside encrypted GroupSecrets', async () => {
    const cs = await algorithmsOf(CLASSICAL_SUITE);
    const pair = await cs.hpke.generateKeyPair();
    const ref = new Uint8Array(32);
    const secrets = encodeGroupSecrets({ joinerSecret: new Uint8Array(32), pathSecret: undefined, psks: [] });
    const open = async (plaintext: Uint8Array) => {
      const info = new Uint8Array([1]);
      const { ct, enc } = await encryptWithLabel(pair.publicKey, 'Welcome', info, plaintext, cs.hpke);
      const forOne = { newMember: ref, encryptedGroupSecrets: { kemOutput: enc, ciphertext: ct } };
      const welcome = { cipherSuite: cs.name, secrets: [forOne], encryptedGroupInfo: info };
      return decryptGroupSecrets(pair.privateKey, ref, welcome, cs.hpke);
    };
    expect(await open(secrets)).toBeDefined();
    expect(await open(more(secrets))).toBeUndefined();
  });
});

test('a package serves one Welcome: its bundle is gone after the first', async () => {
  const kp = await packageOf(bo);
  const bundles = new Map([[kp.ref, kp.privateBundle]]);
  async function join(welcome: Bytes): Promise<MlsGroup | 'no-key-package'> {
    const ref = unwrap(welcomeRefs(welcome)).find((r) => bundles.has(r));
    const bundle = ref === undefined ? undefined : bundles.get(ref);
    if (ref === undefined || bundle === undefined) return 'no-key-package';
    const group = unwrap(await joinFromWelcome(welcome, bundle, bo, NOW));
    bundles.delete(ref);
    return group;
  }
  const inviteTo = async (owner: Device) => {
    const alone = await newGroup(owner);
    return (await stage(alone, { adds: [kp.publicBytes], data: withPeople(alone, [bo]) })).welcome as Bytes;
  };
  expect(await join(await inviteTo(ana))).toBeTypeOf('object');
  expect(await join(await inviteTo(cy))).toBe('no-key-package');
});

describe('a member without the right adds nobody', () => {
  test('not through our own client', async () => {
    const [, b] = await people(ana, bo);
    const kp = await packageOf(cy);
    expect(await stageCommit(b, { adds: [kp.publicBytes], data: withPeople(b, [cy]) }, NOW)).toMatchObject({
      error: { code: 'policy-rejected', detail: 'may-not-add' },
    });
  });

  test('nor past it: everybody else refuses, with and without the stranger in the roster', async () => {
    const [a, b] = await people(ana, bo);
    const kp = await packageOf(cy);
    const listed = await rogueCommit(b, [addOf(kp.publicBytes), rewriteOf(withPeople(b, [cy]))]);
    expect(await processCommit(a, listed.commit, NOW)).toMatchObject({
      error: { code: 'policy-rejected', detail: 'may-not-add' },
    });
    const hidden = await rogueCommit(b, [addOf(kp.publicBytes)]);
    expect(await processCommit(a, hidden.commit, NOW)).toMatchObject({
      error: { code: 'policy-rejected', detail: 'roster-tree-mismatch' },
    });
    expect(await joinFromWelcome(hidden.welcome as Bytes, kp.privateBundle, cy, NOW)).toMatchObject({
      error: { code: 'policy-rejected', detail: 'roster-tree-mismatch' },
    });
    expect(epochOf(a)).toBe(1);
  });
});

describe('packages live for 60 days', () => {
  const day = 24 * 3600_000;

  test('from a day before they are made', async () => {
    const kp = await packageOf(bo);
    expect(kp.notAfter - kp.notBefore).toBe(KEY_PACKAGE_LIFETIME_MS);
    expect((await readKeyPackage(kp.publicBytes, NOW - day + 1000)).ok).toBe(true);
    expect((await readKeyPackage(kp.publicBytes, NOW + 59 * day - 1000)).ok).toBe(true);
    for (const at of [NOW - day - 1000, NOW + 59 * day + 2000]) {
      expect(await readKeyPackage(kp.publicBytes, at)).toMatchObject({ error: { code: 'expired-key-package' } });
    }
    const [a] = await people(ana);
    const late = await stageCommit(a, { adds: [kp.publicBytes], data: withPeople(a, [bo]) }, NOW + 60 * day);
    expect(late).toMatchObject({ error: { code: 'expired-key-package' } });
  });

  test('no longer one is made or taken, by nobody in the group', async () => {
    const long = { now: NOW, lastResort: false, lifetimeMs: KEY_PACKAGE_LIFETIME_MS + 1 };
    await expect(createKeyPackages(bo, 1, long)).rejects.toThrow(TypeError);
    const second = NOW / 1000;
    const pair = await generatePair(cy, CLASSICAL_SUITE, { notBefore: second - 1, notAfter: second + 61 * 86_400 });
    const bytes = bytesFromKeyPackage(pair.publicPackage);
    expect(await readKeyPackage(bytes, NOW)).toMatchObject({ error: { code: 'expired-key-package' } });
    const [a, b] = await people(ana, bo);
    const forced = await rogueCommit(a, [addOf(bytes), rewriteOf(withPeople(a, [cy]))]);
    expect(await processCommit(b, forced.commit, NOW)).toMatchObject({ error: { code: 'expired-key-package' } });
  });

  test('a commit is judged alike however late it is seen', async () => {
    const [a, b] = await people(ana, bo);
    const kp = await packageOf(cy);
    const staged = await stage(a, { adds: [kp.publicBytes], data: withPeople(a, [cy]) });
    expect((await processCommit(b, staged.commit, NOW + 400 * day)).ok).toBe(true);
  });
});

test('a path secret that does not fit the tree is refused by the newcomer', async () => {
  const [a] = await people(ana, bo);
  const kp = await packageOf(cy);
  const staged = await stage(a, { adds: [kp.publicBytes], data: withPeople(a, [cy]) });
  const honest = unwrap(welcomeFromBytes(staged.welcome as Bytes));
  const cs = await algorithmsOf(CLASSICAL_SUITE);
  const { publicPackage, privatePackage } = unwrap(pairFromBundle(kp.privateBundle, cy));
  const initKey = await cs.hpke.importPrivateKey(privatePackage.initPrivateKey);
  const ref = await makeKeyPackageRef(publicPackage, cs.hash);
  const secrets = await decryptGroupSecrets(initKey, ref, honest, cs.hpke);
  if (secrets?.pathSecret === undefined) throw new Error('no path secret');

  const welcomeWith = async (pathSecret: Uint8Array) => {
    const to = await cs.hpke.importPublicKey(publicPackage.initKey);
    const sealed = await encryptGroupSecrets(to, honest.encryptedGroupInfo, { ...secrets, pathSecret }, cs.hpke);
    const forOne = { newMember: ref, encryptedGroupSecrets: { kemOutput: sealed.enc, ciphertext: sealed.ct } };
    return bytesFromWelcome({ ...honest, secrets: [forOne] });
  };
  expect((await joinFromWelcome(await welcomeWith(secrets.pathSecret), kp.privateBundle, cy, NOW)).ok).toBe(true);
  const wrong = await welcomeWith(new Uint8Array(32).fill(9));
  expect(await joinFromWelcome(wrong, kp.privateBundle, cy, NOW)).toMatchObject({
    error: { code: 'invalid', detail: 'Path secret does not fit the public key of its node' },
  });
});

test('the commit secret comes from the last node of the filtered path, also below a blank root', async () => {
  // Leaves 2 and 3 are left of four: the root is blank and not on their path (RFC 9420 §12.4.1).
  const [a, b, c, d] = (await groupOfPeople([ana, bo, cy, createPerson('Di').newDevice()], { role: 'owner' })) as [
    MlsGroup,
    MlsGroup,
    MlsGroup,
    MlsGroup,
  ];
  const cleared = await stage(c, {
    removes: [leafOf(a, ana), leafOf(b, bo)],
    data: withoutPeople(c, [ana, bo]),
  });
  const dCleared = unwrap(await processCommit(d, cleared.commit, NOW)).next;
  const tree = stateOf(cleared.next).ratchetTree;
  expect(tree[3]).toBeUndefined();
  expect(tree[5]).toBeDefined();
  const { kdf } = await algorithmsOf(CLASSICAL_SUITE);
  const secret = new Uint8Array(32).fill(3);
  expect(await getCommitSecret(tree, toNodeIndex(5), secret, kdf)).toEqual(await deriveSecret(secret, 'path', kdf));
  const again = await stage(dCleared, {});
  const both = unwrap(await processCommit(cleared.next, again.commit, NOW)).next;
  expect(authenticatorHashOf(both)).toEqual(authenticatorHashOf(again.next));
  expect(Object.keys(stateOf(both).privatePath.privateKeys)).toEqual(['4', '5']);
});

/** Two members as the library leaves them, before the facade drops what it has no use for. */
async function applicationStates(): Promise<[ClientState, ClientState]> {
  const { config } = configAt(NOW);
  const cs = await algorithmsOf(CLASSICAL_SUITE);
  const lifetime = { notBefore: NOW / 1000 - 10, notAfter: NOW / 1000 + 10 };
  const own = await generatePair(ana, CLASSICAL_SUITE, lifetime);
  const other = await generatePair(bo, CLASSICAL_SUITE, lifetime);
  const extensions = unwrap(extensionsOf({ data: groupData([]), left: [] }));
  const alone = await createGroup(new Uint8Array(16), own.publicPackage, own.privatePackage, extensions, cs, config);
  const made = await createCommit(
    { state: alone, cipherSuite: cs },
    { extraProposals: [{ proposalType: 'add', add: { keyPackage: other.publicPackage } }], ratchetTreeExtension: true },
  );
  if (made.welcome === undefined) throw new Error('no welcome');
  const { publicPackage, privatePackage } = other;
  const joined = await joinGroup(
    made.welcome,
    publicPackage,
    privatePackage,
    emptyPskIndex,
    cs,
    undefined,
    undefined,
    config,
  );
  return [made.newState, joined];
}
