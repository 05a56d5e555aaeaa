import * as v from 'valibot';
import { concat, utf8, type Bytes } from '../core/bytes.ts';
import type { Result } from '../core/result.ts';
import type { WireFault } from './errors.ts';
import { bytes, deviceId, natural, time } from './fields.ts';
import { cborFromValue, valueFromCbor } from './wire.ts';

/**
 * Says that a device belongs to an account: signed by the account's Ed25519 identity key over
 * {@link certificateToSign}. It is the identity in the MLS credential of each of the device's leaves,
 * and what the relay knows the device by. It names nobody: the name appears only as a salted hash.
 */
export interface Certificate {
  /** Ed25519 identity key of the account; its SHA-256 is the account id. */
  readonly accountKey: Bytes;
  readonly device: v.InferOutput<typeof deviceId>;
  /** Ed25519 key that signs the device's MLS leaves and message records. */
  readonly signatureKey: Bytes;
  /** Ed25519 key that logs the device in on the relay; it opens no message. */
  readonly loginKey: Bytes;
  /** SHA-256 over {@link nameToHash}. */
  readonly nameHash: Bytes;
  /** Milliseconds. */
  readonly notBefore: number;
  /** Grows with each certificate of the same device; the highest is in force. */
  readonly sequence: number;
  readonly signature: Bytes;
}

const fields = {
  accountKey: bytes(32),
  device: deviceId,
  signatureKey: bytes(32),
  loginKey: bytes(32),
  nameHash: bytes(32),
  notBefore: time,
  sequence: natural,
};

export const certificateSchema = v.strictObject({ v: v.literal(1), ...fields, signature: bytes(64) });
export const CERTIFICATE_LIMIT = 512;

export const bytesFromCertificate = (certificate: Certificate): Bytes => cborFromValue({ v: 1, ...certificate });

/** Shape only: whoever uses it verifies the signature over {@link certificateToSign}. */
export function certificateFromBytes(encoded: Uint8Array): Result<Certificate, WireFault> {
  const decoded = valueFromCbor(certificateSchema, encoded, CERTIFICATE_LIMIT);
  if (!decoded.ok) return decoded;
  const { v: _version, ...certificate } = decoded.value;
  return { ok: true, value: certificate };
}

/** What the account key signs: `"cairn/1 device certificate" ‖ 0 ‖ CBOR` of all fields but the signature. */
export function certificateToSign(certificate: Omit<Certificate, 'signature'>): Bytes {
  const { accountKey, device, signatureKey, loginKey, nameHash, notBefore, sequence } = certificate;
  return concat(
    utf8('cairn/1 device certificate\0'),
    cborFromValue({ v: 1, accountKey, device, signatureKey, loginKey, nameHash, notBefore, sequence }),
  );
}

/** A name as its owner chose it, with the salt that keeps its hash from being guessed. */
export interface NameCard {
  readonly name: string;
  /** 16 bytes. */
  readonly salt: Bytes;
}

/** Input of the name hash: `"cairn/1 name" ‖ 0 ‖ salt ‖ UTF-8 name`. */
export const nameToHash = (card: NameCard): Bytes => concat(utf8('cairn/1 name\0'), card.salt, utf8(card.name));
