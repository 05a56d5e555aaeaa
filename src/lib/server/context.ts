import type * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import type { AccountId, DeviceId, StreamId } from '../core/ids.ts';
import type { Clock, Locks, Logger, Random } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { RelayFault } from '../protocol/errors.ts';
import type { append } from '../protocol/requests.ts';
import type { Bus, Ring } from './bus/port.ts';
import type { BlobStore } from './blobs/port.ts';
import type { Passed } from './passed.ts';
import type { RateLimit } from './rateLimit.ts';
import type { Store } from './store/port.ts';

/** What every capability of the relay leans on. */
export interface RelayContext {
  readonly store: Store;
  readonly bus: Bus;
  /** What cursors say of how far devices have read. */
  readonly passed: Passed;
  /** Wakes the devices that may read what grew and listen nowhere, but for those of `by`, who did it. */
  readonly wake: (ring: Ring, by: AccountId) => void;
  /** Takes what is sent to the streams. */
  readonly appends: Appends;
  readonly blobs: BlobStore;
  /** Chunks of one blob are taken one after the other. */
  readonly uploads: Locks;
  readonly quotas: Quotas;
  readonly registration: Registration;
  readonly push: PushOptions & { readonly vapidKeys: () => Promise<VapidKeys> };
  readonly sessions: Sessions;
  /** Tells those who listen for these devices, at every relay, that their sessions are over. */
  readonly dismiss: (devices: readonly DeviceId[]) => void;
  /** New entries of each stream, whoever sends them. */
  readonly byStream: RateLimit;
  /** What devices signal, and what is signalled in each stream. */
  readonly signals: { readonly byDevice: RateLimit; readonly byStream: RateLimit };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What one account may keep at the relay. */
export interface Quotas {
  /** Of all blobs that it holds. */
  readonly blobBytes: number;
}

/** What is asked of a device that is new. */
export interface Registration {
  /** Zero bits of the proof of work; 0 asks for none. */
  readonly workBits: number;
  /** Whether a new account needs an invitation. */
  readonly inviteOnly: boolean;
}

export interface PushOptions {
  /** `mailto:` or `https:` address of whoever runs the relay, for the push services. */
  readonly contact: string;
  /**
   * Push services besides those of the known browsers: host names, or whole origins. An endpoint elsewhere is
   * refused, or anybody could have the relay send requests into the network that it stands in.
   */
  readonly hosts?: readonly string[];
}

export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Who asks, as the session says. */
export interface Caller {
  readonly device: DeviceId;
  readonly account: AccountId;
  /** SHA-256 of the session's token. */
  readonly tokenHash: Bytes;
  /** When the session ends: milliseconds. */
  readonly expiresAt: number;
}

export interface Appends {
  /**
   * Takes sealed records into a stream, in order, up to the first that is refused; those behind it are
   * `not-sent`. A record that was taken before gets its first number again, whatever happened to the epoch
   * or to the sender's membership since: a retry is never refused and never taken twice.
   * Errors: `not-found` (no such stream), `forbidden` (the device is no member, or it is a mailbox),
   * `rate-limited` (the stream grows too fast).
   */
  take(
    caller: Caller,
    stream: StreamId,
    request: v.InferOutput<typeof append.request>,
  ): Outcome<v.InferOutput<typeof append.answer>>;
  /** How many of them wait for their turn. */
  waiting(): number;
}

export interface Sessions {
  /** Who a token belongs to. Errors: `unauthorized` (none, unknown or ended), `revoked-device`. */
  authenticate(token: Bytes | undefined): Outcome<Caller>;
  /** What is known of these devices' sessions is looked up again. */
  forget(devices: readonly DeviceId[]): void;
}

export type Outcome<T> = Promise<Result<T, RelayFault>>;
