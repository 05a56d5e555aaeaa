import { x25519 as curve } from '@noble/curves/ed25519.js';
import { concat, type Bytes } from '../../../core/bytes.ts';
import { unshared } from './unshared.ts';

/**
 * X25519 (RFC 7748 §5). Both ways give the same bytes, and both refuse a point of small order, whose
 * shared secret would be known to everybody (RFC 7748 §6.1, RFC 9180 §7.1.4), by throwing.
 */
export interface X25519 {
  /** @param privateKey 32 bytes, @param point 32 bytes. @returns 32 bytes. */
  shared(privateKey: Bytes, point: Bytes): Promise<Bytes>;
}

export const X25519_LENGTH = 32;

/** The platform's own, many times faster and in constant time, or JavaScript's where there is none. */
export const x25519: X25519 = {
  shared: async (privateKey, point) => (await webShared(privateKey, point)) ?? nobleX25519.shared(privateKey, point),
};

export const nobleX25519: X25519 = {
  shared: async (privateKey, point) => unshared(curve.getSharedSecret(privateKey, point)),
};

/** @param privateKey 32 bytes. @returns 32 bytes. */
export const x25519PublicKey = (privateKey: Bytes): Promise<Bytes> => x25519.shared(privateKey, BASE_POINT);

const BASE_POINT: Bytes = Uint8Array.from({ length: X25519_LENGTH }, (_, i) => (i === 0 ? 9 : 0));

/** RFC 8410 §7: what stands before a 32-byte private key in PKCS #8. */
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20);

/** By WebCrypto; `undefined` outside a secure context or without X25519. */
async function webShared(privateKey: Bytes, point: Bytes): Promise<Bytes | undefined> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return undefined;
  const keys = await imported(subtle, privateKey, point);
  if (keys === undefined) return undefined;
  const bits = await subtle.deriveBits({ name: 'X25519', public: keys.point }, keys.privateKey, 8 * X25519_LENGTH);
  const secret = new Uint8Array(bits);
  if (secret.every((byte) => byte === 0)) throw new RangeError('a point of small order');
  return secret;
}

/** Keys that can't be extracted. A length that the platform refuses, JavaScript refuses too. */
async function imported(
  subtle: SubtleCrypto,
  privateKey: Bytes,
  point: Bytes,
): Promise<{ privateKey: CryptoKey; point: CryptoKey } | undefined> {
  try {
    return {
      privateKey: await subtle.importKey('pkcs8', concat(PKCS8, privateKey), 'X25519', false, ['deriveBits']),
      point: await subtle.importKey('raw', point, 'X25519', false, []),
    };
  } catch {
    return undefined;
  }
}
