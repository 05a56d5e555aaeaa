import { equal } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import {
  entryOf,
  heirOf,
  isSameLink,
  removalOf,
  removalsAfter,
  type GroupData,
  type RosterEntry,
} from './groupData.ts';
import { may, outranks, reaches, type Right, type Role } from './roles.ts';

/** What a commit would change, as the ratchet tree and the authenticated group data show it. */
export interface CommitFacts {
  readonly before: GroupData;
  readonly after: GroupData;
  /** The epoch that the commit ends. */
  readonly epoch: number;
  readonly committer: AccountId;
  /** The account of each leaf that the commit adds. */
  readonly added: readonly AccountId[];
  /** The account of each leaf that the commit removes. */
  readonly removed: readonly AccountId[];
  /** The account of each leaf of the resulting tree. */
  readonly members: readonly AccountId[];
  /** Accounts whose own device signed that they leave; the signature is checked already. */
  readonly leaving: readonly AccountId[];
  /** MLS names of the proposals in the commit, by value or by reference. */
  readonly proposalTypes: readonly string[];
  /** Whether the commit gives the committer a new leaf key. */
  readonly hasPath: boolean;
}

/** Every reason to refuse a commit, as it stands in the fault's `detail`. */
export type CommitRule =
  | 'proposal-type'
  | 'path-missing'
  | 'not-a-member'
  | 'kind-changed'
  | 'roster-repeats'
  | 'roster-tree-mismatch'
  | 'too-many-members'
  | 'no-owner'
  | 'may-not-add'
  | 'may-not-remove'
  | 'leave-unrelated'
  | 'role-above-own'
  | 'may-not-change-role'
  | 'may-not-change-settings'
  | 'not-own-name'
  | 'direct-is-for-two'
  | 'own-is-for-one'
  | 'removals-forgotten'
  | 'removed-since'
  | 'info-key-kept'
  | 'not-own-leaf'
  | 'link-not-allowed'
  | 'no-link';

export type PolicyFault = Fault<'policy-rejected'> & { readonly detail: CommitRule };

/** All that a commit may carry. No updates by proposal, PSKs, re-initialisation or external joins. */
const ALLOWED_PROPOSALS: readonly string[] = ['add', 'remove', 'group_context_extensions'];

type Rule = readonly [CommitRule, (facts: CommitFacts) => boolean];

/** A commit is allowed when no rule is broken. Each line: the rule's name, and what holds when it is kept. */
const RULES: readonly Rule[] = [
  ['proposal-type', (f) => f.proposalTypes.every((type) => ALLOWED_PROPOSALS.includes(type))],
  ['path-missing', (f) => f.hasPath || (f.proposalTypes.length > 0 && f.proposalTypes.every((type) => type === 'add'))],
  ['not-a-member', (f) => entryOf(f.before, f.committer) !== undefined],
  ['kind-changed', (f) => sameNature(f.before, f.after)],
  ['roster-repeats', (f) => !repeats(accountsOf(f.after))],
  ['roster-tree-mismatch', (f) => sameSet(accountsOf(f.after), f.members)],
  ['too-many-members', (f) => f.after.roster.length <= f.after.maxMembers || shrinks(f)],
  ['no-owner', (f) => f.after.roster.some((entry) => entry.role === 'owner')],
  ['may-not-add', (f) => f.added.every((account) => account === f.committer || holds(f, 'add-member'))],
  ['may-not-remove', (f) => f.removed.every((account) => mayRemove(f, account))],
  ['leave-unrelated', (f) => f.leaving.every((account) => f.removed.includes(account) && !f.members.includes(account))],
  ['role-above-own', (f) => newcomers(f).every((entry) => reaches(roleOf(f, f.committer), entry.role))],
  ['may-not-change-role', (f) => kept(f).every(([was, is]) => was.role === is.role || mayChangeRole(f, was, is))],
  ['may-not-change-settings', (f) => sameSettings(f.before, f.after) || holds(f, 'change-settings')],
  ['not-own-name', (f) => kept(f).every(([was, is]) => sameName(was, is) || was.account === f.committer)],
  ['link-not-allowed', (f) => mayHaveLink(f.after)],
  ['direct-is-for-two', (f) => f.after.kind !== 'direct' || isPair(f)],
  ['own-is-for-one', (f) => isOwnAlone(f.after)],
  ['removals-forgotten', (f) => remembersRemovals(f)],
  ['removed-since', (f) => newcomers(f).every((entry) => knewOfRemoval(f, entry))],
  ['info-key-kept', (f) => (f.removed.length === 0 && isSameLink(f.before, f.after)) || hasNewInfoKey(f)],
];

/**
 * Whether a commit may change a group the way it does. Every member runs it on every commit, the
 * committer before sending it too, and all come to the same answer: it looks at nothing but the commit
 * and the state before it.
 *
 * Leaving: MLS lets nobody remove themselves, so a person leaves with a signed note (`leaving`), and any
 * member may commit the removal. Without a note a removal takes the right to it and a higher role;
 * anybody may remove other devices of their own. When the last owner leaves, the heir becomes owner with
 * the same commit.
 * @returns `policy-rejected` with the first broken rule as `detail`.
 */
export function judgeCommit(facts: CommitFacts): Result<void, PolicyFault> {
  const broken = RULES.find(([, isKept]) => !isKept(facts));
  return broken === undefined ? ok(undefined) : refused(broken[0]);
}

/**
 * Whether a commit from outside is allowed: only from a member's own device, which takes its old leaf out
 * and comes back with new keys. MLS lets it change nothing else.
 * @param isOwnLeaf whether the leaf that goes is of the account, device and signature key of the one that comes.
 */
export function judgeRejoin(proposalTypes: readonly string[], isOwnLeaf: boolean): Result<void, PolicyFault> {
  if (proposalTypes.toSorted().join() !== 'external_init,remove') return refused('proposal-type');
  return isOwnLeaf ? ok(undefined) : refused('not-own-leaf');
}

/**
 * Whether somebody may come into a group by its link, with a commit from outside that changes nothing else.
 * Whoever was removed does not come back that way; whoever left does.
 * @param after with the newcomer in its roster. @param members the account of each leaf of the resulting tree.
 */
export function judgeArrival(
  proposalTypes: readonly string[],
  before: GroupData,
  after: GroupData,
  comer: AccountId,
  members: readonly AccountId[],
): Result<void, PolicyFault> {
  if (proposalTypes.join() !== 'external_init') return refused('proposal-type');
  if (before.link === undefined) return refused('no-link');
  const removal = removalOf(before, comer);
  if (removal !== undefined && removal.left !== true) return refused('removed-since');
  const isKnown = entryOf(before, comer) !== undefined;
  if (!isKnown && after.roster.length > after.maxMembers) return refused('too-many-members');
  return judgeState(after, members);
}

/**
 * Whether a device that missed commits may believe the state that `signer` vouches for: it is judged as one
 * commit by the signer, from the last state that the device knew. So whoever makes a history up gains
 * nothing by it that they could not have had with a commit.
 * @param members the account of each leaf of the vouched state.
 */
export function judgeLeap(
  before: GroupData,
  after: GroupData,
  signer: AccountId,
  members: readonly AccountId[],
): Result<void, PolicyFault> {
  const was = accountsOf(before);
  const is = accountsOf(after);
  const facts: CommitFacts = {
    before,
    after,
    // Invitations of the epochs between are good.
    epoch: Number.MAX_SAFE_INTEGER,
    committer: signer,
    added: is.filter((account) => !was.includes(account)),
    removed: was.filter((account) => !is.includes(account)),
    members,
    leaving: [],
    proposalTypes: [],
    hasPath: true,
  };
  const broken = RULES.find(([rule, isKept]) => !ONE_COMMIT_ONLY.has(rule) && !isKept(facts));
  return broken === undefined ? ok(undefined) : refused(broken[0]);
}

/** Rules on what a single commit writes; several in a row look otherwise. */
const ONE_COMMIT_ONLY = new Set<CommitRule>(['removals-forgotten', 'info-key-kept', 'not-own-name']);

/** Whether a new group may start like this: its maker alone, as its owner. */
export function judgeBeginning(data: GroupData, maker: AccountId): Result<void, PolicyFault> {
  return judgeState(data, [maker]);
}

/**
 * Whether the state a newcomer is welcomed to can be the outcome of allowed commits.
 * @param members the account of each leaf of the tree.
 */
export function judgeState(data: GroupData, members: readonly AccountId[]): Result<void, PolicyFault> {
  if (repeats(accountsOf(data))) return refused('roster-repeats');
  if (!sameSet(accountsOf(data), members)) return refused('roster-tree-mismatch');
  if (!data.roster.some((entry) => entry.role === 'owner')) return refused('no-owner');
  if (data.kind === 'direct' && !isDirectRoster(data)) return refused('direct-is-for-two');
  if (!isOwnAlone(data)) return refused('own-is-for-one');
  if (!mayHaveLink(data)) return refused('link-not-allowed');
  return ok(undefined);
}

const refused = (detail: CommitRule) => err({ code: 'policy-rejected', retry: 'never', detail } as const);

const roleOf = (facts: CommitFacts, account: AccountId): Role => entryOf(facts.before, account)?.role ?? 'guest';

const holds = (facts: CommitFacts, right: Right): boolean => may(roleOf(facts, facts.committer), right);

function mayRemove(facts: CommitFacts, account: AccountId): boolean {
  if (account === facts.committer) return true;
  if (facts.leaving.includes(account)) return true;
  return holds(facts, 'remove-member') && outranks(roleOf(facts, facts.committer), roleOf(facts, account));
}

/** Down to any role for oneself; for others with the right, from below oneself to at most one's own. */
function mayChangeRole(facts: CommitFacts, was: RosterEntry, is: RosterEntry): boolean {
  if (is.role === 'owner' && heirOf(facts.before, facts.leaving) === is.account) return true;
  const own = roleOf(facts, facts.committer);
  if (was.account === facts.committer) return reaches(own, is.role);
  return may(own, 'change-role') && outranks(own, was.role) && reaches(own, is.role);
}

/** A group that is too large already may only get smaller. */
const shrinks = ({ before, after }: CommitFacts): boolean =>
  after.roster.length <= before.roster.length && after.maxMembers === before.maxMembers;

/** Both are owners, and once the second has come nobody comes or goes. */
function isPair(facts: CommitFacts): boolean {
  if (!isDirectRoster(facts.after)) return false;
  return facts.before.roster.length < 2 || sameSet(accountsOf(facts.before), accountsOf(facts.after));
}

const isDirectRoster = (data: GroupData): boolean =>
  data.roster.length <= 2 && data.roster.every((entry) => entry.role === 'owner');

/** Nobody but its maker ever comes into an account's own group. */
const isOwnAlone = ({ kind, roster }: GroupData): boolean => kind !== 'own' || roster.length === 1;

const accountsOf = (data: GroupData): AccountId[] => data.roster.map((entry) => entry.account);

const newcomers = (facts: CommitFacts): RosterEntry[] =>
  facts.after.roster.filter((entry) => entryOf(facts.before, entry.account) === undefined);

/** The entries of everybody who is in the roster before and after. */
function kept(facts: CommitFacts): (readonly [RosterEntry, RosterEntry])[] {
  return facts.after.roster.flatMap((is) => {
    const was = entryOf(facts.before, is.account);
    return was === undefined ? [] : [[was, is] as const];
  });
}

const sameName = (a: RosterEntry, b: RosterEntry): boolean => a.name === b.name && equal(a.salt, b.salt);

/** What a group is from its first epoch to its last. */
const sameNature = (a: GroupData, b: GroupData): boolean =>
  a.kind === b.kind && a.expiresAt === b.expiresAt && a.visibility === b.visibility;

const sameSettings = (a: GroupData, b: GroupData): boolean =>
  a.name === b.name &&
  a.description === b.description &&
  a.maxMembers === b.maxMembers &&
  a.isChannel === b.isChannel &&
  a.disappearAfter === b.disappearAfter &&
  isSameLink(a, b);

const mayHaveLink = ({ link, kind, visibility }: GroupData): boolean =>
  link === undefined || (kind === 'group' && visibility === 'public');

/** The group goes on knowing who was removed; else whoever commits could clear the way for a stale invitation. */
function remembersRemovals(facts: CommitFacts): boolean {
  const expected = removalsAfter(facts.before, facts.after.roster, facts.epoch, facts.leaving);
  const stated = facts.after.removed ?? [];
  return (
    stated.length === expected.length &&
    expected.every(({ account, epoch, left }, i) => {
      const said = stated[i];
      return said?.account === account && said.epoch === epoch && said.left === left;
    })
  );
}

/** Removal beats stale addition: who was removed comes back only by somebody who knew that they had been. */
function knewOfRemoval(facts: CommitFacts, { account, invited = -1 }: RosterEntry): boolean {
  const removal = removalOf(facts.before, account);
  return invited <= facts.epoch && (removal === undefined || invited >= removal.epoch);
}

function hasNewInfoKey({ before, after }: CommitFacts): boolean {
  if (after.infoKey === undefined) return before.infoKey === undefined;
  return before.infoKey === undefined || !equal(before.infoKey, after.infoKey);
}

const repeats = (accounts: readonly AccountId[]): boolean => new Set(accounts).size !== accounts.length;

function sameSet(a: readonly AccountId[], b: readonly AccountId[]): boolean {
  const left = new Set(a);
  const right = new Set(b);
  return left.size === right.size && [...left].every((account) => right.has(account));
}
