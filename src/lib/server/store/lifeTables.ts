import type { Bytes } from '../../core/bytes.ts';
import type { AccountId, DeviceId } from '../../core/ids.ts';

export interface AccountRow {
  readonly accountKey: Bytes;
  readonly isActive: boolean;
  /** When its owner last said whether it is active, by the owner's clock. */
  readonly statusAt: number;
}

export interface ListedDevice {
  readonly device: DeviceId;
  readonly certificate: Bytes;
  readonly isRevoked: boolean;
  readonly createdAt: number;
  readonly lastSeen: number;
}

/** What an account's key said when it revoked a device. */
export interface RevocationRow {
  readonly at: number;
  readonly signature: Bytes;
}

/** What becomes of accounts and their devices after they were made. */
export interface LifeTables {
  findAccount(account: AccountId): Promise<AccountRow | undefined>;
  setStatus(account: AccountId, isActive: boolean, at: number): Promise<void>;
  /** All of them, revoked ones too, oldest first. */
  devicesOf(account: AccountId): Promise<ListedDevice[]>;
  /** Keeps what was said of a device, unless what is kept was said later. */
  keepRevocation(device: DeviceId, revocation: RevocationRow): Promise<void>;
  revocationOf(device: DeviceId): Promise<RevocationRow | undefined>;
  /** The device logged in. */
  seen(device: DeviceId, now: number): Promise<void>;
  /**
   * Removes the account with its devices, sessions, packages and mailboxes. Its entries and its places in
   * the streams of groups stay: they are the groups', and name a device that is nobody's any more.
   */
  deleteAccount(account: AccountId): Promise<void>;
  /** Remembers the hash of an account that is gone. Again is fine. */
  insertDeleted(accountHash: Bytes): Promise<void>;
  isDeleted(accountHash: Bytes): Promise<boolean>;
}
