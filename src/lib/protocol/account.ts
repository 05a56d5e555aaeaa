import * as v from 'valibot';
import { concat, u64, utf8, type Bytes } from '../core/bytes.ts';
import { bytesFromId, type AccountId, type DeviceId } from '../core/ids.ts';
import { CERTIFICATE_LIMIT } from './certificate.ts';
import { accountId, bytes, bytesUpTo, deviceId, plainMap, time } from './fields.ts';

/** What an account does about itself at the relay. What is signed is signed by the account's identity key. */

const empty = v.pipe(plainMap<Record<string, never>>(), v.strictObject({}));

/** `POST devices`: the devices of the caller's account, oldest first. */
export const listDevices = {
  path: 'devices',
  request: empty,
  answer: v.strictObject({
    devices: v.array(
      v.strictObject({
        device: deviceId,
        certificate: bytesUpTo(CERTIFICATE_LIMIT),
        isRevoked: v.boolean(),
        createdAt: time,
        /** Its last login. */
        lastSeen: time,
      }),
    ),
  }),
};

/**
 * `POST devices/revoke`: ends a device for good. Signed and without a session: whoever has only the recovery
 * phrase must be able to, and whoever has only a stolen device not. Of several the highest `at` is kept.
 */
export const revokeOwnDevice = {
  path: 'devices/revoke',
  request: v.strictObject({ account: accountId, device: deviceId, at: time, signature: bytes(64) }),
  answer: empty,
};
export const revocationToSign = (account: AccountId, device: DeviceId, at: number): Bytes =>
  concat(utf8('cairn/1 revoke device\0'), bytesFromId(account), bytesFromId(device), u64(at));

/**
 * `POST devices/revocation`: what the account's key said when it revoked a device, for the device that is let in
 * no more. It verifies the signature over {@link revocationToSign}: the relay's word alone ends nothing.
 */
export const findRevocation = {
  path: 'devices/revocation',
  request: v.strictObject({ device: deviceId }),
  answer: v.strictObject({ at: time, signature: bytes(64) }),
};

/** `POST sessions`: where the caller's account is logged in, the latest login first. */
export const listSessions = {
  path: 'sessions',
  request: empty,
  answer: v.strictObject({
    sessions: v.array(
      v.strictObject({
        /** Hash of its token. */
        id: bytes(32),
        device: deviceId,
        /** Its login, and when its token was last renewed. */
        createdAt: time,
        lastActivity: time,
        expiresAt: time,
        /** Whether it is the one that asks. */
        isThis: v.boolean(),
      }),
    ),
  }),
};

/** `POST sessions/end`: ends a session of the caller's account. The device may log in again while it is not revoked. */
export const endSession = {
  path: 'sessions/end',
  request: v.strictObject({ id: bytes(32) }),
  answer: empty,
};

/**
 * `POST accounts/status`: nobody finds a deactivated account, and its devices can't log in, until it is active
 * again. The signature with the highest `at` counts.
 */
export const setStatus = {
  path: 'accounts/status',
  request: v.strictObject({ account: accountId, isActive: v.boolean(), at: time, signature: bytes(64) }),
  answer: empty,
};
export const statusToSign = (account: AccountId, isActive: boolean, at: number): Bytes =>
  concat(utf8('cairn/1 account status\0'), bytesFromId(account), new Uint8Array([isActive ? 1 : 0]), u64(at));

/**
 * `POST accounts/delete`: everything that the relay has of the account goes: devices, mailboxes, packages,
 * handle, holds of blobs. What it sent into groups belongs to their logs and stays, under ids that name
 * nobody any more. An account that is not there is deleted. None of its devices registers it again.
 */
export const deleteAccount = {
  path: 'accounts/delete',
  request: v.strictObject({ account: accountId, signature: bytes(64) }),
  answer: empty,
};
export const deletionToSign = (account: AccountId): Bytes =>
  concat(utf8('cairn/1 delete account\0'), bytesFromId(account));
