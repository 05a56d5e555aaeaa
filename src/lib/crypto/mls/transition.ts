import type { GroupState, KeyPackage, Proposal, RatchetTree } from 'ts-mls';
import { equal, hexFromBytes, type Bytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { judgeArrival, judgeCommit, judgeRejoin, judgeState } from '../../domain/commitPolicy.ts';
import type { AccountId } from '../../core/ids.ts';
import type { GroupData } from '../../domain/groupData.ts';
import { matchesNameHash } from '../identity.ts';
import { mlsFault, type MlsFault } from './fault.ts';
import { extensionOfContext, membersOfTree, withMembers, type MlsGroup, type MlsMember } from './group.ts';
import type { DataExtension } from './groupDataCodec.ts';
import { verifiedLeavers } from './leaveNote.ts';
import { checkContent } from './keyPackages.ts';

/** What a commit turned into what, as far as our rules are concerned. */
export interface Transition {
  readonly before: GroupData;
  readonly after: GroupData;
  readonly committer: MlsMember;
  readonly added: MlsMember[];
  readonly removed: MlsMember[];
  /** Accounts whose own note is behind their going. */
  readonly leaving: readonly AccountId[];
}

export interface StagedCommit {
  /** For the group's stream on the relay: an MLS PrivateMessage. */
  readonly commit: Bytes;
  /** For the mailboxes of the added devices, once the relay has accepted the commit. */
  readonly welcome: Bytes | undefined;
  readonly next: MlsGroup;
}

/** A commit that was applied. */
export interface ProcessedCommit extends Transition {
  readonly next: MlsGroup;
  /** This device is out; `next` is inactive and stays in the old epoch. */
  readonly selfRemoved: boolean;
  /** A member's device took its own leaf out and came back. */
  readonly isReturn: boolean;
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
  const [membersBefore, membersAfter] = [membersOfTree(before.ratchetTree), membersOfTree(tree)];
  const was = dataAt(before.groupContext, membersBefore);
  if (!was.ok) return was;
  const is = dataAt({ extensions }, membersAfter);
  if (!is.ok) return is;
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
    epoch: Number(before.groupContext.epoch),
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
  return ok({ before: was.value.data, after: is.value.data, committer, added, removed, leaving: leaving.value });
}

/**
 * Holds a commit from outside against the rules: a member's device that takes its own leaf out and comes back
 * with new keys, in a group that is otherwise as it was.
 * @param tree of the new epoch.
 */
export function judgeReturn(
  before: GroupState,
  tree: RatchetTree,
  extensions: GroupState['groupContext']['extensions'],
  proposals: readonly Proposal[],
): Result<Transition, MlsFault> {
  const [membersBefore, members] = [membersOfTree(before.ratchetTree), membersOfTree(tree)];
  const was = dataAt(before.groupContext, membersBefore);
  if (!was.ok) return was;
  const is = dataAt({ extensions }, members);
  if (!is.ok) return is;
  const [gone] = proposals.flatMap((p) => (p.proposalType === 'remove' && 'remove' in p ? [p.remove.removed] : []));
  const old = membersBefore.find((member) => member.leaf === gone);
  const back = members.find((member) => member.device === old?.device);
  const isOwnLeaf = old !== undefined && back !== undefined && isSameDevice(old, back);
  const verdict = judgeRejoin(
    proposals.map((p) => String(p.proposalType)),
    isOwnLeaf,
  );
  if (!verdict.ok || back === undefined) {
    return err(mlsFault('policy-rejected', verdict.ok ? 'not-own-leaf' : verdict.error.detail));
  }
  // Who came by the link and is not written down yet has to bring the name again.
  const state = judgeState(is.value.data, accountsOf(members));
  if (!state.ok) return err(mlsFault('policy-rejected', state.error.detail));
  const structure = checkMembers(is.value.data, members);
  if (!structure.ok) return structure;
  if (hasKeyTwice(tree)) return err(mlsFault('policy-rejected', 'key-twice'));
  return ok({ before: was.value.data, after: is.value.data, committer: back, added: [], removed: [], leaving: [] });
}

/**
 * Holds a commit from outside against the rules by which somebody comes in by the link.
 * @param tree of the new epoch.
 */
export function judgeComing(
  before: GroupState,
  tree: RatchetTree,
  extensions: GroupState['groupContext']['extensions'],
  proposals: readonly Proposal[],
): Result<Transition, MlsFault> {
  const [membersBefore, members] = [membersOfTree(before.ratchetTree), membersOfTree(tree)];
  const was = dataAt(before.groupContext, membersBefore);
  if (!was.ok) return was;
  const is = dataAt({ extensions }, members);
  if (!is.ok) return is;
  // A commit from outside fills the leftmost blank leaf.
  const known = new Set(membersBefore.map((member) => member.leaf));
  const comer = members.find((member) => !known.has(member.leaf));
  if (comer === undefined) return err(mlsFault('policy-rejected', 'proposal-type'));
  const types = proposals.map((p) => String(p.proposalType));
  const verdict = judgeArrival(types, was.value.data, is.value.data, comer.account, accountsOf(members));
  if (!verdict.ok) return err(mlsFault('policy-rejected', verdict.error.detail));
  const structure = checkMembers(is.value.data, members);
  if (!structure.ok) return structure;
  if (hasKeyTwice(tree)) return err(mlsFault('policy-rejected', 'key-twice'));
  const [data, after] = [was.value.data, is.value.data];
  return ok({ before: data, after, committer: comer, added: [comer], removed: [], leaving: [] });
}

const accountsOf = (members: readonly MlsMember[]): AccountId[] => members.map((member) => member.account);

function dataAt(
  context: Pick<GroupState['groupContext'], 'extensions'>,
  members: readonly MlsMember[],
): Result<DataExtension, MlsFault> {
  const read = extensionOfContext(context);
  return read.ok ? ok(withMembers(read.value, members)) : read;
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
  const isSame = is !== undefined && isSameDevice(was, is);
  return isSame ? ok(undefined) : err(mlsFault('policy-rejected', 'committer-changed'));
}

const isSameDevice = (was: MlsMember, is: MlsMember): boolean =>
  is.account === was.account &&
  is.device === was.device &&
  equal(is.signaturePublic, was.signaturePublic) &&
  is.certificate.sequence >= was.certificate.sequence;

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
