import type { StreamId } from '../core/ids.ts';
import type { Clock, Locks } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { settleStorage } from '../db/faults.ts';
import { appendsByLane } from '../db/outbox.ts';
import type { Store } from '../db/store.ts';
import { collect } from './collect.ts';
import type { LoginKeys } from './loginKeys.ts';
import { drainOutbox } from './outbox.ts';
import { createRelayClient, type RelayClient } from './relayClient.ts';
import type { Transport } from './transport.ts';

/** A device that can log in and nothing else: what is left while the vault is locked. */
export interface LockedDevice {
  readonly store: Store;
  readonly relay: RelayClient;
  readonly mailbox: StreamId;
  readonly locks: Locks;
  readonly clock: Clock;
}

/** `undefined` where there is no account on this device. */
export async function lockedDevice(
  ports: Pick<LockedDevice, 'store' | 'locks' | 'clock'> & {
    readonly transport: Transport;
    readonly loginKeys: LoginKeys;
  },
): Promise<LockedDevice | undefined> {
  const { store, locks, clock, transport, loginKeys } = ports;
  const login = await store.relayLogin.get('self');
  if (login === undefined) return undefined;
  const relay = createRelayClient(transport, {
    device: login.deviceId,
    certificate: login.registeredCertificate,
    sign: (data) => loginKeys.sign(login.loginKey, data),
  });
  return { store, relay, mailbox: login.deviceId as string as StreamId, locks, clock };
}

/** Sends sealed records and collects raw entries, once. */
export async function syncLocked(device: LockedDevice): Promise<Result<void>> {
  const { store, relay, mailbox, locks, clock } = device;
  const drained = await settleStorage(() => drainOutbox(store, relay, locks));
  if (!drained.ok) return drained;
  if (!drained.value.ok) return drained.value;
  const collected = await settleStorage(() => collect(store, relay, mailbox, locks, clock));
  if (!collected.ok) return collected;
  return collected.value.ok ? ok(undefined) : collected.value;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Keeps sending while the app is open but locked: at once, on every poke, and from 1 to 60 seconds later
 * as long as records or files wait (the browsers without Background Sync have nothing else).
 * @param onRevoked is called whenever the relay says that this device was revoked.
 */
export function createLockedLoop(
  device: LockedDevice,
  onRevoked: () => Promise<void>,
): { poke(): void; dispose(): void } {
  const { store, clock } = device;
  let running = false;
  let disposed = false;
  let wait = FIRST_RETRY_MS;
  let uploading: Promise<void> | undefined;
  let cancel = () => {};

  const run = async () => {
    if (running || disposed) return;
    running = true;
    cancel();
    const result = await syncLocked(device);
    running = false;
    if (disposed) return;
    if (!result.ok && result.error.code === 'revoked-device') void onRevoked();
    // Files are ciphertext already. Records do not wait behind a large one.
    if (result.ok) uploading ??= upload().finally(() => (uploading = undefined));
    const lanes = await settleStorage(() => appendsByLane(store, 1));
    if (result.ok && lanes.ok && lanes.value.size === 0) return;
    runLater();
  };
  const upload = async () => {
    const { uploadWaiting } = await import('./uploads.ts');
    const uploaded = await settleStorage(() => uploadWaiting(device, () => disposed));
    if (!uploaded.ok || !uploaded.value.ok) runLater();
  };
  const runLater = () => {
    if (disposed) return;
    cancel();
    cancel = clock.after(wait, () => void run());
    wait = Math.min(wait * 2, LAST_RETRY_MS);
  };

  void run();
  return {
    poke() {
      wait = FIRST_RETRY_MS;
      void run();
    },
    dispose() {
      disposed = true;
      cancel();
    },
  };
}
