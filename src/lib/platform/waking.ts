import type { Bytes } from '../core/bytes.ts';
import type { PushAddress } from '../core/pushAddress.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { systemClock } from './clock.ts';

export { keepWords } from './notificationWords.ts';

/** The browser's half of Web Push: a subscription at the push service that its maker runs. */

/**
 * `push-unsupported`: this browser has no push, or not here. `push-denied`: the person or the browser said no.
 * `push-unreachable`: there is no push service, or it can't be reached.
 */
export type WakingFault = Fault<'push-unsupported' | 'push-denied' | 'push-unreachable'>;

/** Whether this browser can be woken at all. */
export const isOffered = (): boolean => 'serviceWorker' in navigator && 'PushManager' in globalThis;

/** Makes a subscription for the relay with this VAPID key (65 bytes), or gives the one that there is. */
export async function subscribe(key: Bytes): Promise<Result<PushAddress, WakingFault>> {
  if (!isOffered()) return refused('push-unsupported');
  return subscribeAt(await navigator.serviceWorker.ready, key);
}

/** The same for a page or a service worker. One that was made for another relay's key is given up. */
export async function subscribeAt(
  { pushManager }: ServiceWorkerRegistration,
  key: Bytes,
): Promise<Result<PushAddress, WakingFault>> {
  try {
    const before = await pushManager.getSubscription();
    if (before !== null && !isFor(before, key)) await before.unsubscribe();
    const made = await withinTime(pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
    if (made === undefined) return refused('push-unreachable', 'no answer');
    const address = addressOf(made);
    return address === undefined ? refused('push-unsupported') : ok(address);
  } catch (thrown) {
    // Push API §6.1: `NotAllowedError` without permission, `AbortError` where the push service does not answer.
    if (!(thrown instanceof DOMException)) throw thrown;
    return refused(thrown.name === 'NotAllowedError' ? 'push-denied' : 'push-unreachable', thrown.message);
  }
}

/** Chromium goes on asking a push service that does not answer, and says nothing meanwhile. */
const LONGEST_MS = 20_000;

async function withinTime<T>(work: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const cancel = systemClock.after(LONGEST_MS, () => late.resolve(undefined));
  return Promise.race([work, late.promise]).finally(cancel);
}

/** Gives the subscription up; whoever wakes it hears that it is over. */
export async function unsubscribe(): Promise<void> {
  if (!isOffered()) return;
  const registration = await navigator.serviceWorker.ready;
  await (await registration.pushManager.getSubscription())?.unsubscribe();
}

function isFor({ options }: PushSubscription, key: Bytes): boolean {
  const known = options.applicationServerKey;
  if (known === null) return false;
  const bytes = new Uint8Array(known);
  return bytes.length === key.length && bytes.every((byte, i) => byte === key[i]);
}

function addressOf(subscription: PushSubscription): PushAddress | undefined {
  const [p256dh, auth] = [subscription.getKey('p256dh'), subscription.getKey('auth')];
  if (p256dh === null || auth === null) return undefined;
  return { endpoint: subscription.endpoint, p256dh: new Uint8Array(p256dh), auth: new Uint8Array(auth) };
}

const refused = (code: WakingFault['code'], detail?: string) =>
  err({ code, retry: 'person' as const, ...(detail === undefined ? {} : { detail }) });
