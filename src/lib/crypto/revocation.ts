import type { Bytes } from '../core/bytes.ts';
import type { AccountId, DeviceId } from '../core/ids.ts';
import { revocationToSign } from '../protocol/account.ts';
import type { Certificate } from '../protocol/certificate.ts';
import { accountIdOf } from './identity.ts';
import { ed25519 } from './primitives.ts';

/** What an account says of a device that it ends. */
export interface Revocation {
  /** Milliseconds. */
  readonly at: number;
  /** Of the account's key, over `revocationToSign`. */
  readonly signature: Bytes;
}

export const signRevocation = (
  account: AccountId,
  device: DeviceId,
  at: number,
  accountPrivate: Bytes,
): Revocation => ({
  at,
  signature: ed25519.sign(revocationToSign(account, device, at), accountPrivate),
});

/**
 * Whether the account of `certificate` itself ended that device. A device that came back from a backup after it was
 * ended has a newer certificate, which an older revocation does not speak of: a person put it there.
 */
export function isEndedBy({ at, signature }: Revocation, certificate: Certificate): boolean {
  const { accountKey, device, notBefore } = certificate;
  if (at < notBefore) return false;
  return ed25519.verify(signature, revocationToSign(accountIdOf(accountKey), device, at), accountKey);
}
