import type { AccountId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** People, and how one knows that they are who they say. */
export interface PeopleClient {
  watchPeople(show: (items: readonly PersonItem[]) => void): Unwatch;
  self(): Promise<SelfView | undefined>;
  myInviteCode(): Promise<Result<string>>;
  /** Refused: `malformed`, `wrong-version`, `wire-too-large`, `own-code`. Adding someone again is fine. */
  addPerson(code: string): Promise<Result<PersonItem>>;
  /** What two people compare to know that nobody stands between them. Refused: `not-found`. */
  safetyNumber(person: AccountId): Promise<Result<SafetyNumber>>;
  /**
   * Holds the code on a contact's screen against what is known here; the two are verified when they match.
   * Refused: `malformed`, `wrong-version`, `not-found`, `own-safety-code`, `safety-mismatch`.
   */
  compareSafetyNumber(person: AccountId, code: string): Promise<Result<void>>;
  /** The person compared the digits by themselves, or takes it back. Refused: `not-found`. */
  setVerified(person: AccountId, isVerified: boolean): Promise<Result<void>>;
  /** Devices of a person as the groups show them, the newest first. */
  watchDevices(person: AccountId, show: (items: readonly DeviceItem[]) => void): Unwatch;
  /** A person has decided that all devices of somebody are theirs: what waited for that goes out. */
  acceptDevices(person: AccountId): Promise<Result<void>>;
}

export interface SelfView {
  readonly account: AccountId;
  readonly name: string;
}

export interface SafetyNumber {
  /** 60 decimal digits, the same for both. */
  readonly digits: string;
  /** For the other's camera. */
  readonly code: string;
}

export interface DeviceItem {
  readonly id: string;
  /** Empty where the person gave it none. */
  readonly name: string;
  readonly platform: string;
  /** Since when it is known here, milliseconds. */
  readonly since: number;
  /** SHA-256 of the certificate in hex; empty where there is none. */
  readonly fingerprint: string;
  readonly isRevoked: boolean;
  /** A person has yet to decide. */
  readonly isUnreviewed: boolean;
}

export interface PersonItem {
  readonly account: AccountId;
  readonly name: string;
  readonly isVerified: boolean;
  readonly addedAt: number;
  /** Another contact's name, or the own, which one could take this unverified person's for: another account. */
  readonly resembles?: string;
}
