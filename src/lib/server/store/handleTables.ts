import type { Bytes } from '../../core/bytes.ts';
import type { AccountId } from '../../core/ids.ts';

export interface HandleRow {
  readonly handle: string;
  /** Unknown where the account that had it was deleted. */
  readonly account: AccountId | undefined;
  /** It is nobody's any more, and somebody else's not before this. */
  readonly freeAt: number | undefined;
}

/** Handles by what they look like (their skeleton), one in force for each account. */
export interface HandleTables {
  findHandle(skeleton: string): Promise<HandleRow | undefined>;
  /** Puts the handle in force for the account; false where it is another's, or not free yet at `now`. */
  takeHandle(skeleton: string, handle: string, account: AccountId, now: number): Promise<boolean>;
  /** The account's handle is out of force, and free for others at `freeAt`. */
  releaseHandle(account: AccountId, freeAt: number): Promise<void>;
  /** Whose handles are out of force is forgotten. */
  forgetHandlesOf(account: AccountId): Promise<void>;
}

/** Invitations to make an account, by the hash of their code. */
export interface InvitationTables {
  insertInvitation(codeHash: Bytes, expiresAt: number): Promise<void>;
  /** Uses the invitation up; false where there is none in force. */
  useInvitation(codeHash: Bytes, now: number): Promise<boolean>;
  sweepInvitations(now: number): Promise<void>;
}
