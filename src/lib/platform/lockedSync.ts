import { wipeExpired } from '../db/expiry.ts';
import { waitsMuted } from '../db/inbox.ts';
import { settleStorage } from '../db/faults.ts';
import { openStore } from '../db/store.ts';
import { lockedDevice, syncLocked, type LockedDevice } from '../sync/locked.ts';
import { uploadWaiting } from '../sync/uploads.ts';
import { wakeAt, wakingKey } from '../sync/waking.ts';
import { systemClock } from './clock.ts';
import { createHttpTransport } from './httpTransport.ts';
import { webLoginKeys } from './loginKeys.ts';
import { systemRandom, webLocks } from './ports.ts';
import { STORE_NAME } from './storeName.ts';
import { subscribeAt } from './waking.ts';

let opened: Promise<LockedDevice | undefined> | undefined;

/**
 * Sends sealed records and collects raw entries with nothing but the login key: what a locked or closed
 * app can do. @returns false where the relay could not be reached, so that trying later makes sense.
 */
export async function syncWhileLocked(): Promise<boolean> {
  const device = await (opened ??= open());
  if (device === undefined) {
    opened = undefined;
    return true;
  }
  // What has expired goes also where nobody opens the app; what stops it is told when somebody does.
  await settleStorage(() => wipeExpired(device.store, systemClock.now()));
  const result = await syncLocked(device);
  return result.ok || result.error.retry !== 'now';
}

/**
 * Uploads the files that wait, for as long as the browser lets a service worker do so; whoever else uploads goes
 * first. @returns false where some are left, so that trying later makes sense.
 */
export async function uploadWhileLocked(): Promise<boolean> {
  const device = await (opened ??= open());
  if (device === undefined) return true;
  const uploaded = await settleStorage(() => uploadWaiting(device, () => false));
  const result = uploaded.ok ? uploaded.value : uploaded;
  return result.ok || result.error.retry !== 'now';
}

/** Whether nothing but muted conversations has something to read: what {@link syncWhileLocked} collected. */
export async function waitsOnlyMuted(): Promise<boolean> {
  const device = await opened;
  if (device === undefined) return false;
  const muted = await settleStorage(() => waitsMuted(device.store));
  return muted.ok && muted.value;
}

/** The push service has given the browser's subscription up, or changed it: the relay learns the new one. */
export async function renewWhileLocked(registration: ServiceWorkerRegistration): Promise<void> {
  const device = await (opened ??= open());
  if (device === undefined) return;
  const key = await wakingKey(device.relay);
  if (!key.ok) return;
  const address = await subscribeAt(registration, key.value);
  // What can't be renewed here is renewed when somebody unlocks.
  if (address.ok) await wakeAt(device.relay, address.value);
}

/** The locked store and the relay; `undefined` where there is no account on this device. */
async function open(): Promise<LockedDevice | undefined> {
  const onSuperseded = () => (opened = undefined);
  const store = await openStore({ name: STORE_NAME, clock: systemClock, random: systemRandom, onSuperseded });
  const device = await lockedDevice({
    store,
    transport: createHttpTransport(location.origin, systemClock),
    loginKeys: webLoginKeys,
    locks: webLocks,
    clock: systemClock,
  });
  if (device === undefined) store.close();
  return device;
}
