import { createGroup, emptyPskIndex, joinGroupWithExtensions, type Extension } from 'ts-mls';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { bytesFromId, idFromBytes, type GroupId, type KeyPackageRef } from '../../core/ids.ts';
import { err, ok, unwrap, type Result } from '../../core/result.ts';
import { judgeBeginning, judgeState } from '../../domain/commitPolicy.ts';
import type { GroupData } from '../../domain/groupData.ts';
import { KEY_PACKAGE_LIFETIME_MS } from '../../protocol/limits.ts';
import { extensionsOf } from './commits.ts';
import { configAt } from './config.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import { extensionOfContext, groupOf, membersOf, type MlsGroup, type MlsIdentity } from './group.ts';
import { generatePair, KEY_PACKAGE_SKEW_MS, pairFromBundle } from './keyPackages.ts';
import { strictly, welcomeFromBytes } from './messages.ts';
import { algorithmsOf, idOfSuite, isSuite, SUITE, type SuiteId } from './suite.ts';
import { checkMembers } from './transition.ts';

/**
 * A new group with this device alone in it, in epoch 0 (RFC 9420 §11).
 * @param data its roster is this account alone, as owner; anything else is a bug and throws.
 */
export async function createMlsGroup(
  identity: MlsIdentity,
  groupId: GroupId,
  data: GroupData,
  now: number,
  suite: SuiteId = SUITE,
): Promise<MlsGroup> {
  const notBefore = Math.floor((now - KEY_PACKAGE_SKEW_MS) / 1000);
  const lifetime = { notBefore, notAfter: notBefore + KEY_PACKAGE_LIFETIME_MS / 1000 };
  const pair = await generatePair(identity, suite, lifetime);
  const state = await createGroup(
    bytesFromId(groupId),
    pair.publicPackage,
    pair.privatePackage,
    unwrap(extensionsOf({ data, left: [] })),
    await algorithmsOf(suite),
    configAt(now).config,
  );
  const group = groupOf(state);
  const [maker] = membersOf(group);
  if (maker === undefined) throw new TypeError('a group without its maker');
  unwrap(judgeBeginning(data, maker.account));
  unwrap(checkMembers(data, [maker]));
  return group;
}

/** The KeyPackages that a Welcome is for. */
export function welcomeRefs(welcome: Uint8Array): Result<KeyPackageRef[], MlsFault> {
  const decoded = welcomeFromBytes(welcome);
  if (!decoded.ok) return decoded;
  return ok(decoded.value.secrets.map(({ newMember }) => idFromBytes<KeyPackageRef>(newMember)));
}

/**
 * Enters the group that a Welcome is for (RFC 9420 §12.4.3.1). The caller deletes the bundle in the
 * transaction that stores the group: nothing here remembers that a package was used.
 * @returns `malformed`, `unsupported-version`, `no-key-package`, `tampered`, `policy-rejected`,
 *   `bad-certificate`, `invalid`.
 */
export async function joinFromWelcome(
  welcome: Uint8Array,
  privateBundle: Uint8Array,
  identity: MlsIdentity,
  now: number,
): Promise<Result<MlsGroup, MlsFault>> {
  const decoded = welcomeFromBytes(welcome);
  if (!decoded.ok) return decoded;
  const pair = pairFromBundle(privateBundle, identity);
  if (!pair.ok) return pair;
  const { publicPackage, privatePackage } = pair.value;
  if (!isSuite(idOfSuite(decoded.value.cipherSuite))) return err(mlsFault('unsupported-version', 'suite'));
  if (decoded.value.cipherSuite !== publicPackage.cipherSuite) return err(mlsFault('no-key-package', 'suite'));

  const { config, refusedCertificate } = configAt(now);
  const cipherSuite = await algorithmsOf(decoded.value.cipherSuite);
  const joined = await askLibrary(() =>
    joinGroupWithExtensions(
      decoded.value,
      publicPackage,
      privatePackage,
      emptyPskIndex,
      cipherSuite,
      undefined,
      undefined,
      config,
    ),
  );
  if (!joined.ok) return err(explain(joined.error, refusedCertificate()));
  const [state, infoExtensions] = joined.value;
  const tree = readTree(infoExtensions);
  if (!tree.ok) return tree;
  const data = extensionOfContext(state.groupContext);
  if (!data.ok) return data;
  const group = groupOf(state);
  const members = membersOf(group);
  const structure = checkMembers(data.value.data, members);
  if (!structure.ok) return structure;
  const verdict = judgeState(
    data.value.data,
    members.map((member) => member.account),
  );
  return verdict.ok ? ok(group) : err(mlsFault('policy-rejected', verdict.error.detail));
}

function explain(fault: MlsFault, refusedCertificate: boolean): MlsFault {
  if (refusedCertificate) return mlsFault('bad-certificate', fault.detail);
  return fault.detail === 'No matching secret found' ? mlsFault('no-key-package') : fault;
}

/** The Welcome's GroupInfo carries the ratchet tree and nothing else, in one spelling. */
function readTree(extensions: readonly Extension[]): Result<void, MlsFault> {
  const [tree, ...others] = extensions;
  if (tree?.extensionType !== 'ratchet_tree' || others.length > 0)
    return err(mlsFault('policy-rejected', 'extensions'));
  const decoded = strictly(() => decodeRatchetTree(tree.extensionData, 0)?.[0], encodeRatchetTree, tree.extensionData);
  return decoded.ok ? ok(undefined) : decoded;
}
