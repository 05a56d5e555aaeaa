import type { Bytes } from '../core/bytes.ts';
import type { DeviceId, StreamId } from '../core/ids.ts';
import type { Fault, Result } from '../core/result.ts';
import type { SignalFrame } from '../protocol/signals.ts';

/** How the engine reaches a relay: HTTP and a WebSocket in the browser, a function call in a simulation. */
export interface Transport {
  /** The relay's origin, e.g. `https://chat.example.org`: logins are bound to it. */
  readonly origin: string;
  /**
   * `POST`s a CBOR body to `/api/v1/{path}`.
   * @returns the answer whatever its status, or `network` when none came: then nothing is known about
   * whether the relay acted.
   */
  post(path: string, body: Bytes, token: Bytes | undefined): Promise<Result<Answer, NetworkFault>>;
  /** Opens the doorbell. `onEnd` is called once, when it is closed for whatever reason but the returned function. */
  listen(token: Bytes, events: DoorbellEvents): () => void;
}

export interface Answer {
  readonly status: number;
  readonly body: Bytes;
  /** Seconds, from `Retry-After`. */
  readonly retryAfter?: number;
}

export interface DoorbellEvents {
  onReady(): void;
  onBell(stream: StreamId, head: number): void;
  /** A member of one of this device's streams says something that nobody keeps. */
  onSignal?(signal: SignalFrame): void;
  onEnd(): void;
}

export type NetworkFault = Fault<'network'>;
export const networkFault = (detail?: string): NetworkFault => ({
  code: 'network',
  retry: 'now',
  ...(detail === undefined ? {} : { detail }),
});

/** Logs this device in. The key behind `sign` opens no message. */
export interface LoginSigner {
  readonly device: DeviceId;
  /** Encoded device certificate, for registration. */
  readonly certificate: Bytes;
  /** Of whoever runs the relay, where it takes new accounts by invitation only. */
  readonly invite?: string;
  /** Ed25519 signature, 64 bytes. */
  sign(data: Bytes): Promise<Bytes>;
}
