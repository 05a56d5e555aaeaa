import type { GroupState, KeyPackage, Proposal, RatchetTree } from 'ts-mls';
import { equal, hexFromBytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { judgeCommit } from '../../domain/commitPolicy.ts';
import type { GroupData } from '../../domain/groupData.ts';
import { matchesNameHash } from '../identity.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import { extensionOfContext, membersOfTree, type MlsMember } from './group.ts';
import { verifiedLeavers } from './leaveNote.ts';
import { checkContent } from './keyPackages.ts';

/** What a commit turned into what, as far as our rules are concerned. */
export interface Transition {
  readonly before: GroupData;
  readonly after: GroupData;
  readonly committer: MlsMember;
  readonly added: MlsMember[];
  readonly removed: MlsMember[];
}

/**
 * Holds a commit that the library found well-formed against the commit policy and against the rules on
 * structure below. The committer runs it before sending, every other member on receipt.
 * @param tree of the new epoch. @param extensions of the new epoch's GroupContext.
 * @param selfRemoved whether the commit removes the device that judges.
 * @returns `policy-rejected` with the broken rule, or what is wrong with a package or the group data.
 */
export function judgeTransition(
  before: GroupState,
  tree: RatchetTree,
  extensions: GroupState['groupContext']['extensions'],
  committerLeaf: number,
  proposals: readonly Proposal[],
  selfRemoved = false,
): Result<Transition, MlsFault> {
  const was = extensionOfContext(before.groupContext);
  if (!was.ok) return was;
  const is = extensionOfContext({ extensions });
  if (!is.ok) return is;
  const membersBefore = membersOfTree(before.ratchetTree);
  const membersAfter = membersOfTree(tree);
  const committer = membersBefore.find((member) => member.leaf === committerLeaf);
  if (committer === undefined) return err(mlsFault('policy-rejected', 'not-a-member'));

  const packages = proposals.flatMap((p) => (p.proposalType === 'add' && 'add' in p ? [p.add.keyPackage] : []));
  const gone = proposals.flatMap((p) => (p.proposalType === 'remove' && 'remove' in p ? [p.remove.removed] : []));
  for (const keyPackage of packages) {
    const content = checkContent(keyPackage);
    if (!content.ok) return content;
  }
  const added = packages.flatMap((keyPackage) => membersAfter.filter((member) => isOf(member, keyPackage)));
  const removed = membersBefore.filter((member) => gone.includes(member.leaf));

  const rewritesData = proposals.some((p) => p.proposalType === 'group_context_extensions');
  const leaving = rewritesData ? verifiedLeavers(is.value.left, before) : ok([]);
  if (!leaving.ok) return leaving;
  const structure = checkMembers(is.value.data, membersAfter);
  if (!structure.ok) return structure;
  const same = checkCommitterLeaf(committer, membersAfter);
  if (!same.ok) return same;
  if (hasKeyTwice(tree)) return err(mlsFault('policy-rejected', 'key-twice'));

  const verdict = judgeCommit({
    before: was.value.data,
    after: is.value.data,
    committer: committer.account,
    added: added.map((member) => member.account),
    removed: removed.map((member) => member.account),
    members: membersAfter.map((member) => member.account),
    leaving: leaving.value,
    proposalTypes: proposals.map((p) => String(p.proposalType)),
    // The library demands the path of a removal, but a removed device's tree is the one before it.
    hasPath: selfRemoved || hasNewKey(before.ratchetTree, tree, committerLeaf),
  });
  if (!verdict.ok) return err(mlsFault('policy-rejected', verdict.error.detail));
  return ok({ before: was.value.data, after: is.value.data, committer, added, removed });
}

/** Rules on a tree and the group data that goes with it; their names stand in the fault's `detail`. */
export type StructureRule =
  'device-twice' | 'key-twice' | 'name-card' | 'committer-changed' | 'leave-note' | 'extensions';

/** One leaf for each device, and the name that a certificate of the account vouches for. */
export function checkMembers(data: GroupData, members: readonly MlsMember[]): Result<void, MlsFault> {
  const refused = (rule: StructureRule) => err(mlsFault('policy-rejected', rule));
  if (new Set(members.map((member) => member.device)).size !== members.length) return refused('device-twice');
  const byAccount = new Map(members.map((member) => [member.account, [] as MlsMember[]]));
  for (const member of members) byAccount.get(member.account)?.push(member);
  const isVouchedFor = data.roster.every((entry) => {
    const devices = byAccount.get(entry.account);
    return devices === undefined || devices.some((member) => matchesNameHash(member.certificate, entry));
  });
  return isVouchedFor ? ok(undefined) : refused('name-card');
}

/** A commit may renew its sender's leaf, but neither make it somebody else's nor bring an older certificate back. */
function checkCommitterLeaf(was: MlsMember, members: readonly MlsMember[]): Result<void, MlsFault> {
  const is = members.find((member) => member.leaf === was.leaf);
  const isSame =
    is !== undefined &&
    is.account === was.account &&
    is.device === was.device &&
    equal(is.signaturePublic, was.signaturePublic) &&
    is.certificate.sequence >= was.certificate.sequence;
  return isSame ? ok(undefined) : err(mlsFault('policy-rejected', 'committer-changed'));
}

/**
 * Whether two nodes share an encryption key (RFC 9420 §7.3, §12.4.3.1). The library checks it for newcomers
 * only, so that one member could write a tree that nobody can join any more.
 */
function hasKeyTwice(tree: RatchetTree): boolean {
  const keys = tree.flatMap((node) => {
    if (node === undefined) return [];
    // 16 bytes of a key tell honest keys apart; whoever makes a second with the same is refused rightly.
    return [hexFromBytes((node.nodeType === 'leaf' ? node.leaf : node.parent).hpkePublicKey.subarray(0, 16))];
  });
  return new Set(keys).size !== keys.length;
}

const isOf = (member: MlsMember, keyPackage: KeyPackage): boolean =>
  equal(member.signaturePublic, keyPackage.leafNode.signaturePublicKey);

function hasNewKey(before: RatchetTree, after: RatchetTree, leaf: number): boolean {
  const was = before[2 * leaf];
  const is = after[2 * leaf];
  if (was?.nodeType !== 'leaf' || is?.nodeType !== 'leaf') return false;
  return !equal(was.leaf.hpkePublicKey, is.leaf.hpkePublicKey);
}
