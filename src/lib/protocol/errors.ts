import type { Fault, Retry } from '../core/result.ts';

/** Every refusal that the relay can answer, with its HTTP status and what helps. */
export const relayErrors = {
  'bad-request': { status: 400, retry: 'never' },
  'too-large': { status: 413, retry: 'never' },
  'unsupported-version': { status: 426, retry: 'never' },
  unauthorized: { status: 401, retry: 'now' },
  'unknown-device': { status: 401, retry: 'person' },
  'revoked-device': { status: 403, retry: 'never' },
  /** A new device solves the puzzle of `accounts/terms` first. */
  'work-needed': { status: 403, retry: 'now' },
  /** A new account needs an invitation by whoever runs the relay. */
  'invite-needed': { status: 403, retry: 'person' },
  /** The account's owner put it to rest. */
  deactivated: { status: 403, retry: 'person' },
  /** The account's owner deleted it: none of its devices can bring it back. */
  'deleted-account': { status: 403, retry: 'never' },
  'bad-handle': { status: 400, retry: 'person' },
  'handle-taken': { status: 409, retry: 'person' },
  forbidden: { status: 403, retry: 'never' },
  'not-found': { status: 404, retry: 'never' },
  /** The device id is taken by another account, or the id of an entry by another sender. */
  conflict: { status: 409, retry: 'never' },
  /** A commit for an epoch that already has one: catch up and decide again. */
  'epoch-taken': { status: 409, retry: 'after-sync' },
  /** A record sealed before the stream's fence: seal it again in the current epoch. */
  'stale-epoch': { status: 409, retry: 'after-sync' },
  /** A record of an epoch that the stream has not reached: the commit before it is missing. */
  'future-epoch': { status: 409, retry: 'after-sync' },
  /** A chunk behind the end of what is there of a blob: ask how much that is. */
  'wrong-offset': { status: 409, retry: 'now' },
  /** The bytes of a blob are not those that were announced. */
  'wrong-hash': { status: 422, retry: 'never' },
  /** The account holds as much as it may. */
  'quota-exceeded': { status: 507, retry: 'person' },
  'no-key-package': { status: 404, retry: 'after-sync' },
  'rate-limited': { status: 429, retry: 'now' },
  unavailable: { status: 503, retry: 'now' },
} as const satisfies Record<string, { status: number; retry: Retry }>;

export type RelayErrorCode = keyof typeof relayErrors;

export interface RelayFault extends Fault<RelayErrorCode> {
  /** Seconds to wait, with `rate-limited` and `unavailable`. */
  readonly retryAfter?: number;
}

export const relayFault = (code: RelayErrorCode, detail?: string): RelayFault => ({
  code,
  retry: relayErrors[code].retry,
  ...(detail === undefined ? {} : { detail }),
});

export const isRelayErrorCode = (code: string): code is RelayErrorCode => Object.hasOwn(relayErrors, code);

/** What can be wrong with bytes or text that somebody handed us. */
export type WireErrorCode = 'malformed' | 'wire-too-large' | 'wrong-version' | 'bad-signature';
export type WireFault = Fault<WireErrorCode>;
export const wireFault = (code: WireErrorCode, detail?: string): WireFault => ({
  code,
  retry: 'never',
  ...(detail === undefined ? {} : { detail }),
});
