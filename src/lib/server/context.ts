import type { Bytes } from '../core/bytes.ts';
import type { AccountId, DeviceId } from '../core/ids.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { RelayFault } from '../protocol/errors.ts';
import type { Bus } from './bus/port.ts';
import type { Store } from './store/port.ts';

/** What every capability of the relay leans on. */
export interface RelayContext {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
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

export type Outcome<T> = Promise<Result<T, RelayFault>>;
