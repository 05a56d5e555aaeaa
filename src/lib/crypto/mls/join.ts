import type { Extension } from 'ts-mls';
import { joinGroupWithExtensions } from 'ts-mls/clientState.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { idFromBytes, type KeyPackageRef } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { judgeState } from '../../domain/commitPolicy.ts';
import { configAt } from './config.ts';
import { askLibrary, mlsFault, type MlsFault } from './fault.ts';
import {
  dataOf,
  extensionOfContext,
  groupOf,
  isNumberedAsOurs,
  membersOf,
  type MlsGroup,
  type MlsIdentity,
  type MlsMember,
} from './group.ts';
import { pairFromBundle } from './keyPackages.ts';
import { strictly, welcomeFromBytes } from './messages.ts';
import { algorithmsOf, idOfSuite, isSuite } from './suite.ts';
import { checkMembers } from './transition.ts';

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
  if (!isNumberedAsOurs(state.groupContext)) return err(mlsFault('policy-rejected', 'group id or epoch'));
  const tree = readTree(infoExtensions);
  if (!tree.ok) return tree;
  const readable = extensionOfContext(state.groupContext);
  if (!readable.ok) return readable;
  const group = groupOf(state);
  const members = membersOf(group);
  const data = dataOf(group);
  const structure = checkMembers(data, members);
  if (!structure.ok) return structure;
  const verdict = judgeState(
    data,
    members.map((member) => member.account),
  );
  return verdict.ok ? ok(group) : err(mlsFault('policy-rejected', verdict.error.detail));
}

/**
 * Who made a Welcome that was joined: the signer of its GroupInfo. The relay only says who sent it.
 * @param group what {@link joinFromWelcome} made of it.
 */
export async function inviterOf(
  welcome: Uint8Array,
  privateBundle: Uint8Array,
  identity: MlsIdentity,
  group: MlsGroup,
): Promise<MlsMember | undefined> {
  const [decoded, pair] = [welcomeFromBytes(welcome), pairFromBundle(privateBundle, identity)];
  if (!decoded.ok || !pair.ok) return undefined;
  const { publicPackage, privatePackage } = pair.value;
  const suite = await algorithmsOf(decoded.value.cipherSuite);
  const read = await askLibrary(async () => {
    const key = await suite.hpke.importPrivateKey(privatePackage.initPrivateKey);
    const ref = await makeKeyPackageRef(publicPackage, suite.hash);
    const secrets = await decryptGroupSecrets(key, ref, decoded.value, suite.hpke);
    if (secrets === undefined) return undefined;
    return decryptGroupInfo(decoded.value, secrets.joinerSecret, new Uint8Array(suite.kdf.size), suite);
  });
  return read.ok ? membersOf(group).find(({ leaf }) => leaf === read.value?.signer) : undefined;
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
