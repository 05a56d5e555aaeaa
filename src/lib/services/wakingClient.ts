import type { Bytes } from '../core/bytes.ts';
import type { PushAddress } from '../core/pushAddress.ts';
import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** Whether the relay wakes this device, through a push service, while Cairn is closed or locked. */
export interface WakingClient {
  /** Whether the person chose that for this device. */
  watchWaking(show: (isWanted: boolean) => void): Unwatch;
  /** The relay's key that a subscription at a push service is made for: 65 bytes. */
  wakingKey(): Promise<Result<Bytes>>;
  /** Where the device is woken from now on. Refused: `push-not-known` (a push service that the relay does not know). */
  wakeAt(address: PushAddress): Promise<Result<void>>;
  /** The device is woken no more. What the relay does not hear now, the push service tells it. */
  wakeNoMore(): Promise<Result<void>>;
}
