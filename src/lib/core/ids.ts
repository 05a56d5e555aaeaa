import { base64urlFromBytes, bytesFromBase64url, type Bytes } from './bytes.ts';
import type { Random } from './ports.ts';

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** Base64url of the SHA-256 of the account's Ed25519 identity key: 43 characters. */
export type AccountId = Id<'account'>;
/** Random 128 bits in base64url: 22 characters. It also names the device's mailbox stream. */
export type DeviceId = Id<'device'>;
/** Random 128 bits; the MLS group id and the relay's stream id are these bytes. */
export type GroupId = Id<'group'>;
/** A group's id for a group; for a direct chat the same on both sides, from the two account ids. */
export type ConversationId = Id<'conversation'>;
export type MessageId = Id<'message'>;
/** A group's log or a device's mailbox on the relay. */
export type StreamId = Id<'stream'>;
/** RFC 9420 §5.2 KeyPackageRef in base64url. */
export type KeyPackageRef = Id<'key-package'>;

export const ID_BYTES = 16;
const RANDOM_ID = /^[A-Za-z0-9_-]{21}[AQgw]$/;
const HASH_ID = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** A fresh random id of 128 bits. */
export const newId = <T extends string>(random: Random): T => base64urlFromBytes(random.bytes(ID_BYTES)) as T;

/** Whether `text` is the one spelling of 16 bytes. */
export const isRandomId = (text: string): boolean => RANDOM_ID.test(text);

/** Whether `text` is the one spelling of 32 bytes, as account ids are. */
export const isHashId = (text: string): boolean => HASH_ID.test(text);

/** The bytes an id spells. Ids are checked where they enter; a bad one here is a bug. */
export function bytesFromId(id: string): Bytes {
  const bytes = bytesFromBase64url(id);
  if (bytes === undefined) throw new TypeError('not an id');
  return bytes;
}

export const idFromBytes = <T extends string>(bytes: Uint8Array): T => base64urlFromBytes(bytes) as T;
