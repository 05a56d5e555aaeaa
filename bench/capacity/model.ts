/** What people do, on average. Change a line and run `npm run bench capacity`. */
export const people = {
  accounts: 10_000_000,
  devicesEach: 2,
  groupsEach: 8,
  accountsInGroup: 12,
  entriesADay: 40,
  daysKept: 90,
  keyPackagesKept: 50,
  /** Of all devices, at one time. */
  onlineShare: 0.1,
  /** The busiest minute against the average one. */
  peak: 4,
  /** A device that hears no bell looks by itself this often. */
  catchUpsADay: 48,
};

/** Bytes that a row takes on disk with its indexes. */
export interface RowBytes {
  readonly entry: number;
  readonly member: number;
  readonly keyPackage: number;
}

export interface Machine {
  /** Entries that one database takes in a second, durably. */
  readonly entriesPerSecond: number;
  readonly diskBytes: number;
  /** Sockets of one relay process. */
  readonly sockets: number;
  /** Statements that one database answers in a second. */
  readonly readsPerSecond: number;
}

export interface Load {
  readonly rows: Readonly<Record<'devices' | 'streams' | 'members' | 'entries' | 'keyPackages', number>>;
  readonly bytes: Readonly<Record<keyof RowBytes, number>>;
  /** At the peak, each second. */
  readonly appends: number;
  readonly catchUps: number;
  readonly sockets: number;
  /** Relay processes that the sockets need. */
  readonly relays: number;
  /** Look-ups of a stream's readers: every relay makes one for every append anywhere. */
  readonly readerLookUps: number;
  /** What is needed of databases of this kind, for each reason. */
  readonly databases: Readonly<Record<'writes' | 'disk' | 'catch-ups' | 'reader look-ups', number>>;
}

export function loadOf(of: typeof people, row: RowBytes, machine: Machine): Load {
  const devices = of.accounts * of.devicesEach;
  const groups = (of.accounts * of.groupsEach) / of.accountsInGroup;
  const rows = {
    devices,
    streams: groups + devices,
    members: groups * of.accountsInGroup * of.devicesEach + devices,
    entries: of.accounts * of.entriesADay * of.daysKept,
    keyPackages: devices * of.keyPackagesKept,
  };
  const bytes = {
    entry: rows.entries * row.entry,
    member: rows.members * row.member,
    keyPackage: rows.keyPackages * row.keyPackage,
  };
  const appends = ((of.accounts * of.entriesADay) / 86_400) * of.peak;
  const readersOnline = (of.accountsInGroup * of.devicesEach - 1) * of.onlineShare;
  const catchUps = appends * readersOnline + ((devices * of.catchUpsADay) / 86_400) * of.peak;
  const sockets = devices * of.onlineShare;
  const relays = Math.ceil(sockets / machine.sockets);
  const readerLookUps = appends * (relays === 1 ? 1 : relays);
  const total = bytes.entry + bytes.member + bytes.keyPackage;
  return {
    rows,
    bytes,
    appends,
    catchUps,
    sockets,
    relays,
    readerLookUps,
    databases: {
      writes: appends / machine.entriesPerSecond,
      disk: total / machine.diskBytes,
      'catch-ups': (catchUps * STATEMENTS_OF_CATCH_UP) / machine.readsPerSecond,
      'reader look-ups': readerLookUps / machine.readsPerSecond,
    },
  };
}

/** Session, readable streams, one page of entries. */
const STATEMENTS_OF_CATCH_UP = 3;
