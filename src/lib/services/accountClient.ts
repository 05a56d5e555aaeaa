import type { DeviceId } from '../core/ids.ts';
import type { Fault, Result } from '../core/result.ts';
import type { UnlockFault } from './unlockFault.ts';
import type { Unwatch } from './unwatch.ts';

/** The person's account as a whole: let it rest, bring it back, delete it. */
export interface AccountClient {
  watchAccount(show: (account: AccountItem) => void): Unwatch;
  /**
   * Nobody finds an account that is not active, and none of its devices reaches the relay. Needs a network.
   * Refused: `status-overtaken` (another device, whose clock is ahead, said otherwise), and as the relay does.
   */
  setAccountActive(isActive: boolean): Promise<Result<void>>;
  /**
   * Deletes everything on this device, after the account at the relay where that is wanted; groups are told first.
   * From then on the client answers nothing. Where it refuses, everything on this device is as it was. Refused: as
   * `unlock` for a wrong passphrase, `network` and what the relay refuses; with `here` only the former.
   */
  deleteAccount(input: AccountDeletion): Promise<Result<void, UnlockFault | Fault>>;
  /** Devices that are logged in at the relay, as far as this one knows: this one first, then the latest login. */
  watchSessions(show: (sessions: readonly SessionItem[]) => void): Unwatch;
  /**
   * Asks the relay where the account is logged in. Gives how many of the sessions are of devices that this one does
   * not know, and which are not shown. Refused: as the relay does.
   */
  refreshSessions(): Promise<Result<number>>;
  /** Ends the sessions of a device, which logs in again unless it is removed. Refused: as the relay does. */
  endSessions(device: DeviceId): Promise<Result<void>>;
  /** How this device was opened, or was not, the newest first; at most `limit` of each. */
  watchSignIns(limit: number, show: (signIns: readonly SignInItem[]) => void): Unwatch;
}

export interface AccountItem {
  /** As far as this device knows. */
  readonly isActive: boolean;
  /** Groups that it is in. */
  readonly groups: number;
  /** Besides this one. */
  readonly otherDevices: number;
}

/** The sessions of one device: its app and what works while that is closed have their own. */
export interface SessionItem {
  readonly device: DeviceId;
  /** Of the device; may be empty. */
  readonly name: string;
  readonly platform: string;
  readonly isThisDevice: boolean;
  /** Of the last login: milliseconds since the epoch, as the relay counts them. */
  readonly since: number;
  /** When the last of them ends. */
  readonly expiresAt: number;
}

export interface SignInItem {
  readonly id: string;
  readonly at: number;
  /** What the passphrase or phrase was given for. */
  readonly action: string;
  readonly success: boolean;
  /** Wrong passphrases in a row, the last of them then. */
  readonly failures?: number;
}

export interface AccountDeletion {
  readonly passphrase: string;
  /** The account with this device, or what is on this device alone. */
  readonly scope: 'everywhere' | 'here';
}
