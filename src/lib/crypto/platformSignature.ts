import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { bytesFromHex, concat, equal, type Bytes } from '../core/bytes.ts';
import { ed25519 } from './primitives.ts';

/**
 * Ed25519 on the platform's own WebCrypto: many times faster than JavaScript's, beside it rather than
 * in it, and in constant time. It answers later, so it has no place inside a database transaction. Where
 * the platform has none, the same calls are answered by {@link ed25519}; the results are the same.
 */
export interface Signer {
  readonly publicKey: Bytes;
  /** 64 bytes (RFC 8032). */
  sign(message: Bytes): Promise<Bytes>;
}

/** The RFC 8410 §7 frame of a 32-byte Ed25519 seed in PKCS #8. */
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** @param privateKey 32-byte seed; the platform's copy of it is not extractable. */
export async function createSigner(privateKey: Bytes): Promise<Signer> {
  const publicKey = ed25519.publicKeyOf(privateKey);
  const key = await imported('pkcs8', concat(PKCS8, privateKey), 'sign');
  return {
    publicKey,
    sign: async (message) =>
      key === undefined
        ? ed25519.sign(message, privateKey)
        : new Uint8Array(await crypto.subtle.sign('Ed25519', key, message)),
  };
}

export type Verify = (signature: Bytes, message: Bytes) => Promise<boolean>;

/**
 * Verifies exactly what `ed25519.verify` does. A platform's yes needs the key to be canonical and of
 * large order, which platforms leave unchecked; then the signature satisfies the equation without the
 * cofactor, and so the one with it. A platform's no is asked again, since platforms differ there: else
 * a sender could write a message that only some members accept.
 * @param publicKey 32 bytes.
 */
export async function createVerifier(publicKey: Bytes): Promise<Verify> {
  const key = isStrictKey(publicKey) ? await imported('raw', publicKey, 'verify') : undefined;
  return async (signature, message) => {
    const isAccepted = key !== undefined && (await crypto.subtle.verify('Ed25519', key, signature, message));
    return isAccepted || ed25519.verify(signature, message, publicKey);
  };
}

/** `undefined` outside a secure context, without Ed25519, or for bytes that are no key. */
async function imported(
  format: 'raw' | 'pkcs8',
  bytes: Bytes,
  usage: 'sign' | 'verify',
): Promise<CryptoKey | undefined> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  try {
    return await subtle?.importKey(format, bytes, 'Ed25519', false, [usage]);
  } catch {
    return undefined;
  }
}

const withoutSign = (point: Uint8Array): Bytes => {
  const y = new Uint8Array(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
};

const SMALL_ORDER = ED25519_TORSION_SUBGROUP.map((hex) => withoutSign(bytesFromHex(hex) ?? new Uint8Array(32)));

/** 2^255 - 19, little endian. */
const PRIME = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff));

function isStrictKey(publicKey: Bytes): boolean {
  if (publicKey.length !== 32) return false;
  const y = withoutSign(publicKey);
  return isBelow(y, PRIME) && !SMALL_ORDER.some((small) => equal(small, y));
}

function isBelow(a: Bytes, b: Bytes): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
