import type { Bytes } from './bytes.ts';

/** Where a push service takes wake-ups for one browser, as the browser says it (Push API, `PushSubscription`). */
export interface PushAddress {
  /** URL of at most 1000 bytes. */
  readonly endpoint: string;
  /** P-256 public key of the browser, uncompressed: 65 bytes. */
  readonly p256dh: Bytes;
  /** 16 bytes. */
  readonly auth: Bytes;
}
