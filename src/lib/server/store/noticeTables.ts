import type { Bytes } from '../../core/bytes.ts';
import type { AccountId, DeviceId, StreamId } from '../../core/ids.ts';

export interface PushRow {
  readonly device: DeviceId;
  readonly endpoint: string;
  readonly p256dh: Bytes;
  readonly auth: Bytes;
}

/** Where devices are woken, one place each; and the relay's own keys. */
export interface PushTables {
  replaceSubscription(row: PushRow): Promise<void>;
  deleteSubscription(device: DeviceId): Promise<void>;
  /** Those of `devices` that can be woken. */
  subscriptionsOf(devices: readonly DeviceId[]): Promise<PushRow[]>;
  /** The relay's key of that name, which is `fresh` where there was none. */
  keepKey(name: string, fresh: string): Promise<string>;
}

export interface ListingRow {
  readonly stream: StreamId;
  readonly name: string;
  readonly description: string;
  readonly link: Bytes;
  /** Who listed it. */
  readonly account: AccountId;
  readonly expiresAt: number;
  /** Name and description as they are searched. */
  readonly searched: string;
  /** Where it stands in the order of names: unique. */
  readonly place: string;
}

/** Groups that are listed. */
export interface DirectoryTables {
  findListing(stream: StreamId): Promise<ListingRow | undefined>;
  replaceListing(row: ListingRow): Promise<void>;
  deleteListing(stream: StreamId): Promise<void>;
  countListings(account: AccountId): Promise<number>;
  /** Those in force at `now` that contain every word, in order of their places behind `after`. */
  searchListings(words: readonly string[], after: string, now: number, most: number): Promise<ListingRow[]>;
  /** Accounts with a device that is a member now. */
  countMemberAccounts(stream: StreamId): Promise<number>;
  isMemberAccount(stream: StreamId, account: AccountId): Promise<boolean>;
  sweepListings(now: number): Promise<void>;
}
