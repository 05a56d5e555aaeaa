import type { Bytes } from '../../core/bytes.ts';
import type { AccountId, DeviceId, KeyPackageRef, StreamId } from '../../core/ids.ts';
import type { AppendTables } from './appendTables.ts';
import type { BlobTables } from './blobTables.ts';
import type { HandleTables, InvitationTables } from './handleTables.ts';
import type { DirectoryTables, PushTables } from './noticeTables.ts';
import type { RendezvousTables } from './rendezvousTables.ts';
import type { RetentionTables } from './retentionTables.ts';
import type { StatisticsTables } from './statisticsTables.ts';
import type { LifeTables } from './lifeTables.ts';
import type { EntryRow, MemberRow, ReadableRow, StreamRow, TakenEntry } from './streamRows.ts';

/**
 * Where the relay keeps what it is given. Plain statements only: every rule stands in the capability
 * that calls them, so that an embedded database and a server database behave the same.
 *
 * Times are milliseconds since the epoch, ids are the text that travels on the wire.
 */
export interface Store {
  /**
   * Runs `work` as one transaction: all of it is on disk when the promise resolves, nothing of it when
   * `work` throws. `work` may wait for nothing but the tables it is handed, since others share its commit,
   * and may be run again where it met another: it changes nothing outside. What one statement does is done
   * at once; what rests on several is safe behind {@link StreamTables.lockStream}.
   * A store that fails refuses with `unavailable`: then nobody knows whether the work was done.
   */
  write<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
  /** Runs `work`, which only reads, on one consistent state that includes every write answered before. */
  read<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
  /** Finishes what was begun, then lets go of the files. */
  close(): Promise<void>;
}

export interface Tables {
  readonly accounts: AccountTables;
  readonly logins: LoginTables;
  readonly keyPackages: KeyPackageTables;
  readonly streams: StreamTables;
  readonly appends: AppendTables;
  readonly blobs: BlobTables;
  readonly life: LifeTables;
  readonly handles: HandleTables;
  readonly invitations: InvitationTables;
  readonly push: PushTables;
  readonly directory: DirectoryTables;
  readonly rendezvous: RendezvousTables;
  readonly retention: RetentionTables;
  readonly statistics: StatisticsTables;
}

export interface DeviceRow {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly loginKey: Bytes;
  readonly certificate: Bytes;
  /** Of the certificate; the highest is in force. */
  readonly sequence: number;
  readonly status: 'active' | 'revoked';
}

export interface AccountTables {
  findDevice(device: DeviceId): Promise<DeviceRow | undefined>;
  /** Does nothing where the account is known. */
  insertAccount(account: AccountId, accountKey: Bytes, now: number): Promise<void>;
  insertDevice(row: Omit<DeviceRow, 'status'>, now: number): Promise<void>;
  replaceCertificate(device: DeviceId, row: Pick<DeviceRow, 'loginKey' | 'certificate' | 'sequence'>): Promise<void>;
  revokeDevice(device: DeviceId): Promise<void>;
  /** None while the account is deactivated. */
  activeDevices(account: AccountId): Promise<DeviceId[]>;
  /** Those of `devices` that are registered, revoked or not. */
  knownDevices(devices: readonly DeviceId[]): Promise<ReadonlySet<DeviceId>>;
}

export interface SessionRow {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly expiresAt: number;
  readonly status: DeviceRow['status'];
}

export interface ListedSession {
  readonly tokenHash: Bytes;
  readonly device: DeviceId;
  readonly createdAt: number;
  readonly lastActivity: number;
  readonly expiresAt: number;
}

export interface LoginTables {
  insertChallenge(hash: Bytes, device: DeviceId, expiresAt: number): Promise<void>;
  countChallenges(device: DeviceId, now: number): Promise<number>;
  /** Removes the challenge and says when it would have ended, or `undefined` where there is none for the device. */
  takeChallenge(hash: Bytes, device: DeviceId): Promise<number | undefined>;
  insertSession(tokenHash: Bytes, device: DeviceId, expiresAt: number, now: number): Promise<void>;
  findSession(tokenHash: Bytes): Promise<SessionRow | undefined>;
  /** Gives the session another token and end; false where the old token is not in force. */
  rotateSession(tokenHash: Bytes, next: { tokenHash: Bytes; expiresAt: number }, now: number): Promise<boolean>;
  deleteSessionsOf(device: DeviceId): Promise<void>;
  /** Those that have not ended by `now`, the latest login first. */
  sessionsOf(account: AccountId, now: number): Promise<ListedSession[]>;
  /** Removes one session of the account and says which device's it was; `undefined` where the account has none such. */
  deleteSession(tokenHash: Bytes, account: AccountId): Promise<DeviceId | undefined>;
  /** Removes challenges and sessions that ended before `now`. */
  sweepLogins(now: number): Promise<void>;
}

export interface KeyPackageRow {
  readonly ref: KeyPackageRef;
  readonly suite: number;
  readonly notAfter: number;
  readonly lastResort: boolean;
  readonly bytes: Bytes;
}

export interface PoolCount {
  readonly suite: number;
  readonly available: number;
  readonly lastResort: boolean;
}

export interface Reservation {
  readonly id: string;
  /** What the holder calls it, to ask for the same again. */
  readonly claim: string;
  /** The cipher suite that the package has to be of. */
  readonly suite: number;
  readonly holder: DeviceId;
  readonly holderAccount: AccountId;
  readonly at: number;
  readonly expiresAt: number;
}

export interface KeyPackageTables {
  /** Adds those that the device has not published before; a new last resort replaces the one before it of its suite. */
  insertPackages(device: DeviceId, rows: readonly KeyPackageRow[], now: number): Promise<void>;
  /** Hands out none of the device's packages any more. */
  retirePackages(device: DeviceId): Promise<void>;
  /** Those that are left, by suite; a suite of which there is none is left out. */
  countPackages(device: DeviceId, now: number): Promise<PoolCount[]>;
  /** What `holder` has reserved of `device` under this claim and neither spent nor let end. */
  findClaim(
    device: DeviceId,
    claim: Pick<Reservation, 'claim' | 'suite' | 'holder' | 'at'>,
  ): Promise<{ readonly taken: KeyPackageRow; readonly reservation: string; readonly expiresAt: number } | undefined>;
  /** Takes the device's oldest available package that is valid at `reservation.at`, for nobody else to get. */
  reservePackage(device: DeviceId, reservation: Reservation): Promise<KeyPackageRow | undefined>;
  /** The device's last resort, which stays; the use is recorded under the reservation's id. */
  useLastResort(device: DeviceId, reservation: Reservation): Promise<KeyPackageRow | undefined>;
  /** Packages of `device` that `holderAccount` reserved after `since`. */
  countReservations(device: DeviceId, holderAccount: AccountId, since: number): Promise<number>;
  /** Packages of `device` that anybody reserved after `since`. */
  countAllReservations(device: DeviceId, since: number): Promise<number>;
  /** Marks the reservation as used for `stream`; false where it is not the holder's, ended, or used before. */
  spendReservation(id: string, holder: DeviceId, stream: StreamId, now: number): Promise<boolean>;
  /** Gives ended reservations back to the pool and expires packages; of one device, or of all. */
  sweepPackages(now: number, device?: DeviceId): Promise<void>;
}

export interface DoorRow {
  /** SHA-256 of the token that opens it. */
  readonly token: Bytes;
  readonly box: Bytes;
}

export interface StreamTables {
  /** The stream's row. In a write it is held until the transaction ends: whoever asks for it next waits. */
  lockStream(stream: StreamId): Promise<StreamRow | undefined>;
  insertStream(stream: StreamId, row: StreamRow, now: number): Promise<void>;
  /** Adds `by` to the head of a locked stream and gives the new head. */
  moveHead(stream: StreamId, by: number): Promise<number>;
  /**
   * Compare-and-set: where the epoch is still `from`, head and epoch grow by one, and with `fence` the
   * fence becomes the new epoch. Gives the new head, or `undefined` where somebody else was first.
   */
  endEpoch(stream: StreamId, from: number, fence: boolean): Promise<number | undefined>;
  insertEntries(stream: StreamId, rows: readonly EntryRow[]): Promise<void>;
  /** Those of `ids` that the stream has, by id. */
  findEntries(stream: StreamId, ids: readonly string[]): Promise<ReadonlyMap<string, TakenEntry>>;
  /** The device's last stay in the stream. */
  findMember(stream: StreamId, device: DeviceId): Promise<MemberRow | undefined>;
  /** Devices that read the entries after `after`: the members, and those removed later than that; a stay each. */
  readersOf(stream: StreamId, after: number): Promise<MemberRow[]>;
  /** A stay begins: the devices are no members now. */
  openMembers(stream: StreamId, devices: readonly DeviceId[], since: number): Promise<void>;
  closeMembers(stream: StreamId, devices: readonly DeviceId[], until: number): Promise<void>;
  /** Keeps what the newest commit left for members that can't follow; `undefined` where it left nothing. */
  replaceInfo(stream: StreamId, info: Bytes | undefined): Promise<void>;
  findInfo(stream: StreamId): Promise<Bytes | undefined>;
  /** Keeps what lets people in by link; `undefined` where nobody comes that way. */
  replaceDoor(stream: StreamId, door: DoorRow | undefined): Promise<void>;
  findDoor(stream: StreamId): Promise<DoorRow | undefined>;
  /** All streams that the device may read anything of, its mailbox too: each stay, a stream's in their order. */
  readableStreams(device: DeviceId): Promise<ReadableRow[]>;
  /**
   * Entries of a stream with `after < seq <= last`, in order: at most `entries` of them, ending before the
   * one that would pass `bytes`; the first may be as large as `firstBytes`.
   */
  entriesBetween(
    stream: StreamId,
    range: { readonly after: number; readonly last: number },
    most: { readonly entries: number; readonly bytes: number; readonly firstBytes: number },
  ): Promise<EntryRow[]>;
}
