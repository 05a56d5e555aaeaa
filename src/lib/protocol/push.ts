import * as v from 'valibot';
import { bytes, plainMap, textUpTo } from './fields.ts';

/** Web Push (RFC 8030): wakes a device that has no socket open. It says nothing but that something came. */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));

/** `POST push/key`: the relay's VAPID key (RFC 8292), which the browser wants for a subscription. */
export const pushKey = { path: 'push/key', request: empty, answer: v.strictObject({ key: bytes(65) }) };

/** `POST push/subscribe`: where the caller's device is woken, in the place of what it said before. `forbidden`: not a push service. */
export const subscribePush = {
  path: 'push/subscribe',
  request: v.strictObject({ endpoint: textUpTo(1000), p256dh: bytes(65), auth: bytes(16) }),
  answer: empty,
};

/** `POST push/stop`: the caller's device is woken no more. */
export const stopPush = { path: 'push/stop', request: empty, answer: empty };
