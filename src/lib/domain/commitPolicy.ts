import { equal } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { entryOf, type GroupData, type RosterEntry } from './groupData.ts';
import { may, outranks, type Right, type Role } from './roles.ts';

/** What a commit would change, as the ratchet tree and the authenticated group data show it. */
export interface CommitFacts {
  readonly before: GroupData;
  readonly after: GroupData;
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
  | 'direct-is-for-two';

export type PolicyFault = Fault<'policy-rejected'> & { readonly detail: CommitRule };

/** All that a commit may carry. No updates by proposal, PSKs, re-initialisation or external joins. */
const ALLOWED_PROPOSALS: readonly string[] = ['add', 'remove', 'group_context_extensions'];

type Rule = readonly [CommitRule, (facts: CommitFacts) => boolean];

/** A commit is allowed when no rule is broken. Each line: the rule's name, and what holds when it is kept. */
const RULES: readonly Rule[] = [
  ['proposal-type', (f) => f.proposalTypes.every((type) => ALLOWED_PROPOSALS.includes(type))],
  ['path-missing', (f) => f.hasPath || (f.proposalTypes.length > 0 && f.proposalTypes.every((type) => type === 'add'))],
  ['not-a-member', (f) => entryOf(f.before, f.committer) !== undefined],
  ['kind-changed', (f) => f.after.kind === f.before.kind],
  ['roster-repeats', (f) => !repeats(accountsOf(f.after))],
  ['roster-tree-mismatch', (f) => sameSet(accountsOf(f.after), f.members)],
  [
    'too-many-members',
    (f) => f.after.roster.length <= f.after.maxMembers || f.after.roster.length <= f.before.roster.length,
  ],
  ['no-owner', (f) => f.after.roster.some((entry) => entry.role === 'owner')],
  ['may-not-add', (f) => f.added.every((account) => account === f.committer || holds(f, 'add-member'))],
  ['may-not-remove', (f) => f.removed.every((account) => mayRemove(f, account))],
  ['leave-unrelated', (f) => f.leaving.every((account) => f.removed.includes(account) && !f.members.includes(account))],
  ['role-above-own', (f) => newcomers(f).every((entry) => reaches(roleOf(f, f.committer), entry.role))],
  ['may-not-change-role', (f) => kept(f).every(([was, is]) => was.role === is.role || mayChangeRole(f, was, is))],
  ['may-not-change-settings', (f) => sameSettings(f.before, f.after) || holds(f, 'change-settings')],
  ['not-own-name', (f) => kept(f).every(([was, is]) => sameName(was, is) || was.account === f.committer)],
  ['direct-is-for-two', (f) => f.after.kind !== 'direct' || isPair(f)],
];

/**
 * Whether a commit may change a group the way it does. Every member runs it on every commit, the
 * committer before sending it too, and all come to the same answer: it looks at nothing but the commit
 * and the state before it.
 *
 * Leaving: MLS lets nobody remove themselves, so a person leaves with a signed note (`leaving`), and any
 * member may commit the removal. Without a note a removal takes the right to it and a higher role;
 * anybody may remove other devices of their own.
 * @returns `policy-rejected` with the first broken rule as `detail`.
 */
export function judgeCommit(facts: CommitFacts): Result<void, PolicyFault> {
  const broken = RULES.find(([, isKept]) => !isKept(facts));
  return broken === undefined ? ok(undefined) : err({ code: 'policy-rejected', retry: 'never', detail: broken[0] });
}

/** Whether a new group may start like this: its maker alone, as its owner. */
export function judgeBeginning(data: GroupData, maker: AccountId): Result<void, PolicyFault> {
  return judgeState(data, [maker]);
}

/**
 * Whether the state a newcomer is welcomed to can be the outcome of allowed commits.
 * @param members the account of each leaf of the tree.
 */
export function judgeState(data: GroupData, members: readonly AccountId[]): Result<void, PolicyFault> {
  const refused = (detail: CommitRule) => err({ code: 'policy-rejected', retry: 'never', detail } as const);
  if (repeats(accountsOf(data))) return refused('roster-repeats');
  if (!sameSet(accountsOf(data), members)) return refused('roster-tree-mismatch');
  if (!data.roster.some((entry) => entry.role === 'owner')) return refused('no-owner');
  if (data.kind === 'direct' && !isDirectRoster(data)) return refused('direct-is-for-two');
  return ok(undefined);
}

const roleOf = (facts: CommitFacts, account: AccountId): Role => entryOf(facts.before, account)?.role ?? 'guest';

const holds = (facts: CommitFacts, right: Right): boolean => may(roleOf(facts, facts.committer), right);

/** A role that somebody of role `own` may give: their own at most. */
const reaches = (own: Role, given: Role): boolean => given === own || outranks(own, given);

function mayRemove(facts: CommitFacts, account: AccountId): boolean {
  if (account === facts.committer) return true;
  if (facts.leaving.includes(account)) return true;
  return holds(facts, 'remove-member') && outranks(roleOf(facts, facts.committer), roleOf(facts, account));
}

/** Down to any role for oneself; for others with the right, from below oneself to at most one's own. */
function mayChangeRole(facts: CommitFacts, was: RosterEntry, is: RosterEntry): boolean {
  const own = roleOf(facts, facts.committer);
  if (was.account === facts.committer) return reaches(own, is.role);
  return may(own, 'change-role') && outranks(own, was.role) && reaches(own, is.role);
}

/** Both are owners, and once the second has come nobody comes or goes. */
function isPair(facts: CommitFacts): boolean {
  if (!isDirectRoster(facts.after)) return false;
  return facts.before.roster.length < 2 || sameSet(accountsOf(facts.before), accountsOf(facts.after));
}

const isDirectRoster = (data: GroupData): boolean =>
  data.roster.length <= 2 && data.roster.every((entry) => entry.role === 'owner');

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

const sameSettings = (a: GroupData, b: GroupData): boolean =>
  a.name === b.name && a.description === b.description && a.maxMembers === b.maxMembers;

const repeats = (accounts: readonly AccountId[]): boolean => new Set(accounts).size !== accounts.length;

function sameSet(a: readonly AccountId[], b: readonly AccountId[]): boolean {
  const left = new Set(a);
  const right = new Set(b);
  return left.size === right.size && [...left].every((account) => right.has(account));
}
