import type { Bytes } from '../core/bytes.ts';
import type { AccountId } from '../core/ids.ts';
import type { Role } from './roles.ts';

/** A person in a group, with the name they gave themselves. */
export interface RosterEntry {
  readonly account: AccountId;
  readonly role: Role;
  /** The name behind the name hash of the account's certificates. */
  readonly name: string;
  /** 16 bytes, the salt of that hash. */
  readonly salt: Bytes;
}

/**
 * What a group says about itself. It travels as a GroupContext extension, so that MLS authenticates every
 * byte of it: two members of one epoch hold the same.
 */
export interface GroupData {
  readonly v: 1;
  readonly kind: 'direct' | 'group';
  readonly name: string;
  readonly description: string;
  /** Most accounts in the roster. */
  readonly maxMembers: number;
  /** One entry for each account that has a device in the group. The order says nothing. */
  readonly roster: readonly RosterEntry[];
}

/** The entry of `account`, or `undefined` for a stranger. */
export const entryOf = (data: GroupData, account: AccountId): RosterEntry | undefined =>
  data.roster.find((entry) => entry.account === account);
