import { base64urlFromBytes, compare, concat, equal, utf8, type Bytes } from '../core/bytes.ts';
import { bytesFromId, idFromBytes, type AccountId, type ConversationId } from '../core/ids.ts';
import type { Random } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { certificateToSign, nameToHash, type Certificate, type NameCard } from '../protocol/certificate.ts';
import { wireFault, type WireFault } from '../protocol/errors.ts';
import { ed25519, sha256, type KeyPair } from './primitives.ts';

/** Tolerance for a certificate whose `notBefore` is ahead of our clock: clocks of devices differ by hours. */
export const CERTIFICATE_SKEW_MS = 24 * 3600_000;

/** A new Ed25519 identity (protocol.md §1). */
export const createAccountKeys = (random: Random): KeyPair => ed25519.keyPair(random);

/** The account id: SHA-256 of the identity key in base64url, 43 characters. */
export const accountIdOf = (accountKey: Uint8Array): AccountId => idFromBytes<AccountId>(sha256(accountKey));

/** `fields` with the account's signature over {@link certificateToSign}. */
export function signCertificate(fields: Omit<Certificate, 'signature'>, accountPrivateKey: Bytes): Certificate {
  if (!equal(ed25519.publicKeyOf(accountPrivateKey), fields.accountKey)) {
    throw new TypeError('the certificate names another account key');
  }
  return { ...fields, signature: ed25519.sign(certificateToSign(fields), accountPrivateKey) };
}

/**
 * The certificate itself when the account's key signed it and its three keys are three: no key is used
 * for two purposes.
 * @param now milliseconds; when given, a certificate of the future is refused, with a day's tolerance.
 * @returns `bad-signature`, or `malformed` where keys repeat or it isn't valid yet.
 */
export function verifyCertificate(certificate: Certificate, now?: number): Result<Certificate, WireFault> {
  const { accountKey, signatureKey, loginKey, notBefore, signature } = certificate;
  if (equal(accountKey, signatureKey) || equal(accountKey, loginKey) || equal(signatureKey, loginKey)) {
    return err(wireFault('malformed', 'keys repeat'));
  }
  if (now !== undefined && notBefore > now + CERTIFICATE_SKEW_MS) return err(wireFault('malformed', 'not valid yet'));
  if (!ed25519.verify(signature, certificateToSign(certificate), accountKey)) return err(wireFault('bad-signature'));
  return ok(certificate);
}

/** The salted hash of a name, as a certificate carries it. */
export const nameHashOf = (card: NameCard): Bytes => sha256(nameToHash(card));

/** Whether a name and salt are the ones the certificate was made for. */
export const matchesNameHash = (certificate: Certificate, card: NameCard): boolean =>
  equal(certificate.nameHash, nameHashOf(card));

/** First 4 bytes of SHA-256: tells a mistyped invite from a wrong one, no more. */
export const inviteChecksum = (data: Uint8Array): Bytes => sha256(data).slice(0, 4);

/**
 * The conversation of two accounts, the same from both sides: the first 16 bytes of
 * `SHA-256("cairn/1 direct" ‖ 0 ‖ smaller id ‖ larger id)` in base64url.
 */
export function directConversationId(a: AccountId, b: AccountId): ConversationId {
  const ids = [bytesFromId(a), bytesFromId(b)].sort(compare);
  return base64urlFromBytes(sha256(concat(utf8('cairn/1 direct\0'), ...ids)).subarray(0, 16)) as ConversationId;
}

/**
 * The conversation of an account with itself, the same on all its devices: the first 16 bytes of
 * `SHA-256("cairn/1 notes" ‖ 0 ‖ id)` in base64url. Its group, once there
 * is a second device, is that of the account's devices alone (kind `own`); with one device it has none, and nothing of
 * it goes to the relay.
 */
export const notesConversationId = (account: AccountId): ConversationId =>
  base64urlFromBytes(sha256(concat(utf8('cairn/1 notes\0'), bytesFromId(account))).subarray(0, 16)) as ConversationId;
