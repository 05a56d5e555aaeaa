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
  /** Devices of one stream. */
  streamMembers: 2_000,
  /** KeyPackages in one upload. */
  keyPackages: 100,
  keyPackage: 16 * 1024,
  /** Accounts in one claim. */
  claimAccounts: 256,
  /** A display name in UTF-8. */
  name: 200,
  /** Message text in UTF-8. */
  text: 1024 * 1024,
  inviteCode: 600,
} as const;

/** Of `/api/v1`. A client that speaks another major version is answered `unsupported-version`. */
export const PROTOCOL_VERSION = 1;

/** KeyPackage pool of one device: how many are kept available, and when it is filled up again. */
export const KEY_PACKAGE_TARGET = 50;
export const KEY_PACKAGE_REFILL = 25;
export const KEY_PACKAGE_LIFETIME_MS = 60 * 24 * 3600_000;
export const RESERVATION_MS = 24 * 3600_000;

/** Lifetime of a relay session and of a login challenge. */
export const SESSION_MS = 60 * 60_000;
export const CHALLENGE_MS = 60_000;
