import type * as v from 'valibot';
import { equal } from '../core/bytes.ts';
import { idFromBytes, type AccountId, type DeviceId, type StreamId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { certificateFromBytes, certificateToSign } from '../protocol/certificate.ts';
import { relayFault, type RelayFault } from '../protocol/errors.ts';
import type { register as registerEndpoint } from '../protocol/requests.ts';
import { endDevice } from './accountLife.ts';
import type { RelayContext, Outcome } from './context.ts';
import { isSignedBy } from './ed25519.ts';
import { admit } from './registration.ts';
import { sha256 } from './sha256.ts';
import type { Tables } from './store/port.ts';

/**
 * Makes the account and the device of a certificate known, and gives the device its mailbox. The account
 * id is the SHA-256 of the account's key, so nobody can register under somebody else's.
 *
 * Sending the same certificate again changes nothing; one with a higher sequence replaces it. When the login
 * key is another, the device was restored from a backup: its sessions end, and its key packages are handed
 * out no more, because their private halves are gone.
 * Errors: `bad-request` (not a certificate, or not signed by its account key), `conflict` (the device id is
 * another account's, or the sequence was used for something else), `revoked-device`, and those of {@link admit}.
 */
export async function register(
  context: RelayContext,
  request: v.InferOutput<typeof registerEndpoint.request>,
): Outcome<{ account: AccountId }> {
  const decoded = certificateFromBytes(request.certificate);
  if (!decoded.ok) return err(relayFault('bad-request', 'certificate'));
  const { signature, ...certificate } = decoded.value;
  if (!isSignedBy(certificate.accountKey, certificateToSign(certificate), signature)) {
    return err(relayFault('bad-request', 'certificate signature'));
  }
  const account = idFromBytes<AccountId>(sha256(certificate.accountKey));
  const { device, loginKey, sequence } = certificate;
  const row = { device, account, loginKey, sequence, certificate: request.certificate };
  const now = context.clock.now();

  let isRestored = false;
  const registered = await context.store.write<Result<{ account: AccountId }, RelayFault>>(async (tables) => {
    // The mailbox is held for the device: of two certificates that arrive at once the second sees the first.
    const mailbox = await tables.streams.lockStream(mailboxOf(device));
    const known = await tables.accounts.findDevice(device);
    if (known === undefined) {
      if (mailbox !== undefined) return err(relayFault('conflict', 'device'));
      await admit(context, tables, account, request);
      await tables.accounts.insertAccount(account, certificate.accountKey, now);
      await tables.accounts.insertDevice(row, now);
      await openMailbox(tables, device, now);
      return ok({ account });
    }
    if (known.account !== account) return err(relayFault('conflict', 'device'));
    if (known.status === 'revoked') return err(relayFault('revoked-device'));
    if (sequence < known.sequence || equal(known.certificate, row.certificate)) return ok({ account });
    if (sequence === known.sequence) return err(relayFault('conflict', 'sequence'));
    await tables.accounts.replaceCertificate(device, row);
    if (!equal(known.loginKey, loginKey)) {
      await tables.logins.deleteSessionsOf(device);
      await tables.keyPackages.retirePackages(device);
      isRestored = true;
    }
    return ok({ account });
  });
  if (isRestored) context.dismiss([device]);
  return registered;
}

/** Ends every session of the device and lets it log in no more. False where the relay does not know it. */
export async function revokeDevice(context: RelayContext, device: DeviceId): Promise<boolean> {
  const known = await context.store.write(async (tables) => {
    if ((await tables.accounts.findDevice(device)) === undefined) return false;
    await endDevice(tables, device);
    return true;
  });
  if (known) context.dismiss([device]);
  return known;
}

/** The stream that only this device reads has the device's own id. */
export const mailboxOf = (device: DeviceId): StreamId => device as string as StreamId;

async function openMailbox(tables: Tables, device: DeviceId, now: number): Promise<void> {
  await tables.streams.insertStream(mailboxOf(device), { kind: 'mailbox', head: 0, epoch: 0, fence: 0 }, now);
  await tables.streams.openMembers(mailboxOf(device), [device], 0);
}
