import { equal, type Bytes } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import { roles, type Role } from './roles.ts';

/** A person in a group, with the name they gave themselves. */
export interface RosterEntry {
  readonly account: AccountId;
  readonly role: Role;
  /** The name behind the name hash of the account's certificates. */
  readonly name: string;
  /** 16 bytes, the salt of that hash. */
  readonly salt: Bytes;
  /** Of somebody who was removed before: the epoch that whoever invited them again knew. */
  readonly invited?: number;
}

/** That somebody is out: `epoch` is the first one without them. */
export interface Removal {
  readonly account: AccountId;
  readonly epoch: number;
  /** They left by a note of their own: the link still lets them in. */
  readonly left?: true;
}

/** What lets people in who know it; every member does, and may hand it on. */
export interface JoinLink {
  /** 16 bytes, in the link. */
  readonly secret: Bytes;
  /** 32 bytes, from the secret and the password: it seals the info key for whoever comes by the link. */
  readonly key: Bytes;
  /** How the password goes into the key; absent where there is none. */
  readonly password?: LinkPassword;
}

export const linkPasswords = ['argon2id', 'pbkdf2-sha256'] as const;
export type LinkPassword = (typeof linkPasswords)[number];

/** Whether a group may be found and joined by link, or says nothing of itself to anybody; neither is *private*. */
export const visibilities = ['public', 'secret'] as const;
export type Visibility = (typeof visibilities)[number];

/**
 * What a group says about itself. It travels as a GroupContext extension, so that MLS authenticates every
 * byte of it: two members of one epoch hold the same.
 */
export interface GroupData {
  readonly v: 1;
  /** `own`: of the devices of one account, which stay together by it. */
  readonly kind: 'direct' | 'group' | 'own';
  readonly name: string;
  readonly description: string;
  /** Most accounts in the roster. */
  readonly maxMembers: number;
  /** One entry for each account that has a device in the group. The order says nothing. */
  readonly roster: readonly RosterEntry[];
  /** Who was removed or left, the latest last; so that an invitation from before does not undo it. */
  readonly removed?: readonly Removal[];
  /**
   * 32 bytes that seal what a member needs to come back alone: the group's GroupInfo on the relay and the
   * rejoining commit. Another one with each removal, and with another link. Groups of the first version get one with a commit.
   */
  readonly infoKey?: Bytes;
  /** A channel: only moderators and those above them write. */
  readonly isChannel?: true;
  /** Absent in a private group. Never changes. */
  readonly visibility?: Visibility;
  /** Of a public group that people may join without being asked. */
  readonly link?: JoinLink;
  /** When a temporary group ends, milliseconds since the epoch: nobody can write then, and every device wipes it. */
  readonly expiresAt?: number;
  /** How long messages stay, in milliseconds after they were sent; absent where they do. */
  readonly disappearAfter?: number;
}

/** The entry of `account`, or `undefined` for a stranger. */
export const entryOf = (data: GroupData, account: AccountId): RosterEntry | undefined =>
  data.roster.find((entry) => entry.account === account);

/** Removals that are remembered; the oldest are forgotten first. */
export const MOST_REMOVALS = 200;

/**
 * What the group remembers of its removals after the commit that ends `epoch` and leads from `before` to
 * `roster`: everybody who goes is added, everybody who comes is taken off.
 * @param leaving who goes by a note of their own.
 */
export function removalsAfter(
  before: GroupData,
  roster: readonly RosterEntry[],
  epoch: number,
  leaving: readonly AccountId[] = [],
): readonly Removal[] {
  const present = new Set(roster.map((entry) => entry.account));
  const gone = before.roster.map((entry) => entry.account).filter((account) => !present.has(account));
  const kept = (before.removed ?? []).filter(({ account }) => !present.has(account));
  const removals = gone.sort().map((account): Removal => {
    return { account, epoch: epoch + 1, ...(leaving.includes(account) ? { left: true } : {}) };
  });
  return [...kept, ...removals].slice(-MOST_REMOVALS);
}

/** When `account` was removed last, as far as the group remembers. */
export const removalOf = (data: GroupData, account: AccountId): Removal | undefined =>
  data.removed?.find((removal) => removal.account === account);

/** Whether both let in by the same link, or neither by any. */
export function isSameLink({ link: a }: GroupData, { link: b }: GroupData): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equal(a.secret, b.secret) && equal(a.key, b.key) && a.password === b.password;
}

/** Somebody who came by the link: their leaf brings the name, and the roster has them from the next rewrite on. */
export type Arrival = Pick<RosterEntry, 'account' | 'name' | 'salt'>;

/**
 * The group data with everybody in it who came by the link since it was written: as members, and among the
 * removed no more. MLS lets nobody write group data with the commit that brings them in (RFC 9420 §12.2).
 */
export function withArrivals(data: GroupData, arrivals: readonly Arrival[]): GroupData {
  const known = new Set(data.roster.map((entry) => entry.account));
  const comers = new Map<AccountId, RosterEntry>();
  for (const { account, name, salt } of arrivals) {
    if (!known.has(account) && !comers.has(account)) comers.set(account, { account, role: 'member', name, salt });
  }
  if (comers.size === 0) return data;
  const { removed, ...rest } = data;
  const stillOut = removed?.filter(({ account }) => !comers.has(account)) ?? [];
  const roster = [...data.roster, ...comers.values()];
  return { ...rest, roster, ...(stillOut.length === 0 ? {} : { removed: stillOut }) };
}

/**
 * Who owns the group once everybody in `leaving` is gone and no owner is left: of the highest role the one
 * with the smallest account id. `undefined` where an owner stays, or nobody does.
 */
export function heirOf(data: GroupData, leaving: readonly AccountId[]): AccountId | undefined {
  const staying = data.roster.filter((entry) => !leaving.includes(entry.account));
  if (staying.some((entry) => entry.role === 'owner')) return undefined;
  for (const role of roles) {
    const [heir] = staying
      .filter((entry) => entry.role === role)
      .map((entry) => entry.account)
      .sort();
    if (heir !== undefined) return heir;
  }
  return undefined;
}
