import type * as v from 'valibot';
import { concat, utf8, type Bytes } from '../core/bytes.ts';
import { bytesFromId, type AccountId, type DeviceId } from '../core/ids.ts';
import { err, ok, refuse } from '../core/result.ts';
import * as protocol from '../protocol/account.ts';
import { relayFault } from '../protocol/errors.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import { isSignedBy } from './ed25519.ts';
import { HANDLE_REST_MS } from './handles.ts';
import { sha256 } from './sha256.ts';
import type { AccountRow } from './store/lifeTables.ts';
import type { Tables } from './store/port.ts';

type Empty = Record<string, never>;

/** How far the clock of somebody who signs may be ahead of the relay's. */
const AHEAD_MS = 24 * 3600_000;

/** The devices of the caller's account. */
export async function listDevices(
  context: RelayContext,
  caller: Caller,
): Outcome<v.InferOutput<typeof protocol.listDevices.answer>> {
  return ok({ devices: await context.store.read(({ life }) => life.devicesOf(caller.account)) });
}

/**
 * Ends a device for good, as its account's key says. Again is fine.
 * Errors: `not-found` (no such account, or not its device), `unauthorized` (another key signed).
 */
export async function revokeOwnDevice(
  context: RelayContext,
  { account, device, at, signature }: v.InferOutput<typeof protocol.revokeOwnDevice.request>,
): Outcome<Empty> {
  await context.store.write(async (tables) => {
    await accountThatSigned(tables, account, protocol.revocationToSign(account, device, at), signature);
    const known = await tables.accounts.findDevice(device);
    if (known?.account !== account) refuse(relayFault('not-found', 'device'));
    await endDevice(tables, device);
    await tables.life.keepRevocation(device, { at, signature });
  });
  context.dismiss([device]);
  return ok({});
}

/** What the account's key said of a device that it revoked. Errors: `not-found` (it said nothing). */
export async function findRevocation(
  context: RelayContext,
  { device }: v.InferOutput<typeof protocol.findRevocation.request>,
): Outcome<v.InferOutput<typeof protocol.findRevocation.answer>> {
  const said = await context.store.read(({ life }) => life.revocationOf(device));
  return said === undefined ? err(relayFault('not-found', 'revocation')) : ok(said);
}

/** Ends every session of the device, and lets it log in and be found no more. */
export async function endDevice(tables: Tables, device: DeviceId): Promise<void> {
  await tables.accounts.revokeDevice(device);
  await tables.logins.deleteSessionsOf(device);
  await tables.keyPackages.retirePackages(device);
  await tables.push.deleteSubscription(device);
}

/**
 * Puts an account to rest, or back into force. A statement that is older than the last changes nothing.
 * Errors: `not-found`, `unauthorized` (another key signed), `bad-request` (signed in the future).
 */
export async function setStatus(
  context: RelayContext,
  { account, isActive, at, signature }: v.InferOutput<typeof protocol.setStatus.request>,
): Outcome<Empty> {
  const ended = await context.store.write(async (tables) => {
    const row = await accountThatSigned(tables, account, protocol.statusToSign(account, isActive, at), signature);
    if (at > context.clock.now() + AHEAD_MS) refuse(relayFault('bad-request', 'at'));
    if (at <= row.statusAt) return [];
    await tables.life.setStatus(account, isActive, at);
    if (isActive) return [];
    const devices = (await tables.life.devicesOf(account)).map(({ device }) => device);
    for (const device of devices) {
      await tables.logins.deleteSessionsOf(device);
      await tables.push.deleteSubscription(device);
    }
    return devices;
  });
  context.dismiss(ended);
  return ok({});
}

/**
 * Deletes an account and all that the relay keeps for it. One that is not there is deleted already. What stays
 * is a hash, so that a device which has not heard of it can't register the account anew.
 * Errors: `unauthorized` (another key signed).
 */
export async function deleteAccount(
  context: RelayContext,
  { account, signature }: v.InferOutput<typeof protocol.deleteAccount.request>,
): Outcome<Empty> {
  const ended = await context.store.write(async (tables) => {
    if ((await tables.life.findAccount(account)) === undefined) return [];
    await accountThatSigned(tables, account, protocol.deletionToSign(account), signature);
    const devices = (await tables.life.devicesOf(account)).map(({ device }) => device);
    await tables.handles.releaseHandle(account, context.clock.now() + HANDLE_REST_MS);
    await tables.handles.forgetHandlesOf(account);
    await tables.blobs.forgetBlobsOf(account);
    await tables.life.deleteAccount(account);
    await tables.life.insertDeleted(deletedHash(account));
    return devices;
  });
  context.dismiss(ended);
  return ok({});
}

/** What is left of an account that was deleted: known only to whoever has its id already. */
export const deletedHash = (account: AccountId): Bytes =>
  sha256(concat(utf8('cairn/1 deleted account\0'), bytesFromId(account)));

async function accountThatSigned(
  tables: Tables,
  account: AccountId,
  message: Bytes,
  signature: Bytes,
): Promise<AccountRow> {
  const row = (await tables.life.findAccount(account)) ?? refuse(relayFault('not-found', 'account'));
  if (!isSignedBy(row.accountKey, message, signature)) refuse(relayFault('unauthorized', 'signature'));
  return row;
}
