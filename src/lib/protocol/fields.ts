import * as v from 'valibot';
import {
  isHashId,
  isRandomId,
  type AccountId,
  type DeviceId,
  type KeyPackageRef,
  type MessageId,
  type StreamId,
} from '../core/ids.ts';
import { limits } from './limits.ts';

/** The building blocks of every schema on the wire. */

const randomId = <T extends string>() =>
  v.pipe(
    v.string(),
    v.check(isRandomId, 'id'),
    v.transform((text) => text as T),
  );
const hashId = <T extends string>() =>
  v.pipe(
    v.string(),
    v.check(isHashId, 'id'),
    v.transform((text) => text as T),
  );

export const accountId = hashId<AccountId>();
export const deviceId = randomId<DeviceId>();
export const streamId = randomId<StreamId>();
export const messageId = randomId<MessageId>();
/** Of a commit, a welcome or any other entry that is not a message. */
export const entryId = randomId<string>();
/** KeyPackageRef of the suites in use: the one spelling of 32 or 64 bytes. */
export const keyPackageRef = v.pipe(
  v.string(),
  v.regex(/^(?:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]|[A-Za-z0-9_-]{85}[AQgw])$/),
  v.transform((text) => text as KeyPackageRef),
);

export const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const time = natural;
/** Milliseconds that a message stays before it disappears. */
export const lifetime = v.pipe(natural, v.minValue(limits.shortestLifetime), v.maxValue(limits.longestLifetime));

export const bytes = (length: number) => v.pipe(v.instance(Uint8Array), v.length(length));
export const bytesUpTo = (most: number) => v.pipe(v.instance(Uint8Array), v.maxLength(most));
export const textUpTo = (mostBytes: number) => v.pipe(v.string(), v.maxBytes(mostBytes));

/** For schemas without members of their own: an empty list or no bytes at all would pass as an empty map. */
export const plainMap = <T extends Record<string, unknown>>() =>
  v.custom<T>((value) => Object.prototype.toString.call(value) === '[object Object]');
