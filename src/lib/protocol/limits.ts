import { LONGEST_TEXT } from '../core/textLength.ts';

/** Sizes and counts that both sides enforce. Bytes unless said otherwise. */
export const limits = {
  /** One HTTP body, and one WebSocket frame from a client. */
  body: 4 * 1024 * 1024,
  /** One entry of a stream: a sealed record, a commit or a welcome. */
  entry: 2 * 1024 * 1024,
  /** Entries in one append. */
  appendEntries: 256,
  /** Entries in one catch-up answer. */
  catchUpEntries: 512,
  /** Soft limit of the payloads in one catch-up answer; the first entry always fits. */
  catchUpBytes: 1024 * 1024,
  /** Streams named in one catch-up. */
  catchUpStreams: 20_000,
  /** How many epochs back a record may be sealed: members delete older chains. */
  epochsBack: 32,
  /** Devices of one stream. */
  streamMembers: 2_000,
  /** KeyPackages in one upload. */
  keyPackages: 100,
  keyPackage: 16 * 1024,
  /** Accounts in one claim. */
  claimAccounts: 256,
  /** A display name in UTF-8. */
  name: 200,
  /** The line by which somebody shows themselves, in UTF-8, and their picture. */
  statusMessage: 560,
  profilePicture: 12 * 1024,
  /** What else they say of themselves: how many entries, and in UTF-8 the name of one and what it says. */
  profileFields: 8,
  fieldName: 80,
  fieldText: 400,
  zoneName: 64,
  languageTag: 35,
  /** A group's description in UTF-8. */
  description: 2000,
  /** How long messages that disappear stay, in milliseconds. */
  shortestLifetime: 60_000,
  longestLifetime: 366 * 86_400_000,
  /** People of one group. */
  groupMembers: 1_000,
  /** Message text in UTF-8. */
  text: LONGEST_TEXT,
  /** Messages that one receipt names. */
  receiptIds: 5_000,
  /** Records that one question names. */
  askedIds: 500,
  inviteCode: 600,
  /** What lets people join a public group. */
  joinLink: 4096,
  /** One blob. */
  blob: 2 * 1024 * 1024 * 1024,
  /** One chunk of a blob: small enough for a slow uplink within one request. */
  blobChunk: 1024 * 1024,
  /** What a join link leads to: a sealed key. */
  box: 128,
  /** A link's code, and the password that goes with it. */
  joinCode: 200,
  joinPassword: 1_000,
} as const;

/** Of `/api/v1`. A client that speaks another major version is answered `unsupported-version`. */
export const PROTOCOL_VERSION = 1;

/** KeyPackage pool of one device: how many are kept available, and when it is filled up again. */
export const KEY_PACKAGE_TARGET = 50;
export const KEY_PACKAGE_REFILL = 25;
/** Of the classical suite, which only large groups use. */
export const CLASSICAL_PACKAGE_TARGET = 10;
export const CLASSICAL_PACKAGE_REFILL = 5;
export const KEY_PACKAGE_LIFETIME_MS = 60 * 24 * 3600_000;
export const RESERVATION_MS = 24 * 3600_000;

/** Lifetime of a relay session and of a login challenge. */
export const SESSION_MS = 60 * 60_000;
export const CHALLENGE_MS = 60_000;

/** How long an account holds a blob that it holds once, and how long a half upload waits for its next chunk. */
export const BLOB_HOLD_MS = 90 * 24 * 3600_000;
export const BLOB_UPLOAD_MS = 24 * 3600_000;
