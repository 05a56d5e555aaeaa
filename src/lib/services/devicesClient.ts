import type { DeviceId } from '../core/ids.ts';
import type { Fault, Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** The devices of the person's own account. */
export interface DevicesClient {
  /**
   * Makes this device, which has no account, one of an account's: shows a code for another device of it, then
   * digits to compare; the vault opens at the end. The returned function gives up.
   * @param input.passphrase of this device. @param input.platform what it runs on, for people.
   */
  watchJoining(input: { passphrase: string; platform: string }, show: (state: JoiningState) => void): Unwatch;
  /** Lets the device with this code into the account. The returned function gives up. */
  watchLinking(code: string, show: (state: LinkingState) => void): Unwatch;
  /** What the person says once they have compared the digits. */
  decideLinking(decision: LinkDecision): Promise<void>;
  /** The history on its way to or from another own device; `undefined` where none is. */
  watchTransfer(show: (transfer: TransferState | undefined) => void): Unwatch;
  /** What has come so far stays; the rest is not brought any more. */
  stopTransfer(): Promise<Result<void>>;
  watchOwnDevices(show: (devices: readonly OwnDeviceItem[]) => void): Unwatch;
  /**
   * Asks the relay which devices the account has, and when each was seen. Refused: as the relay does.
   * @param platform what this device runs on, for people.
   */
  refreshDevices(platform: string): Promise<Result<void>>;
  /** Refused: `not-found`, `bad-name`. */
  renameDevice(id: DeviceId, name: string): Promise<Result<void>>;
  /** Ends a device: it leaves every group, logs in no more and is told to clear itself. Refused: `not-found`, `own-device`, as the relay does. */
  revokeDevice(id: DeviceId): Promise<Result<void>>;
}

export type LinkDecision = 'yes' | 'mismatch' | 'declined';

export type JoiningState =
  | { readonly step: 'preparing' }
  | { readonly step: 'code'; readonly code: string }
  /** Until the person says yes on the other device. */
  | { readonly step: 'compare'; readonly digits: string }
  | { readonly step: 'receiving' }
  | { readonly step: 'over'; readonly fault: Fault };

export type LinkingState =
  | { readonly step: 'meeting' }
  | { readonly step: 'compare'; readonly digits: string; readonly platform: string }
  | { readonly step: 'sending' }
  | { readonly step: 'done' }
  | { readonly step: 'over'; readonly fault: Fault };

export interface TransferState {
  readonly direction: 'giving' | 'taking';
  /** Messages. */
  readonly done: number;
  readonly total: number;
}

export interface OwnDeviceItem {
  readonly id: DeviceId;
  readonly name: string;
  readonly platform: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly lastSeen: number;
  readonly isThis: boolean;
  readonly isRevoked: boolean;
}
