import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { bytesFromHex, concat, equal, type Bytes } from '../core/bytes.ts';
import { ed25519 } from './primitives.ts';

/**
 * Ed25519 of the platform itself: many times faster than JavaScript's, and in constant time. It may
 * answer later, so it has no place inside a database transaction. A platform without it is stood in for
 * by {@link ed25519}; what is signed and what is accepted is the same everywhere.
 */
export interface SignaturePlatform {
  /** Signs with a 32-byte seed; `undefined` where the platform can't. */
  signerFor(privateKey: Bytes, publicKey: Bytes): Promise<((message: Bytes) => Promise<Bytes>) | undefined>;
  /** Verifies under a 32-byte key; `undefined` where the platform can't, or doesn't take the key. */
  verifierFor(publicKey: Bytes): Promise<Verify | undefined>;
}

export interface Signer {
  readonly publicKey: Bytes;
  /** 64 bytes (RFC 8032). */
  sign(message: Bytes): Promise<Bytes>;
}

export type Verify = (signature: Bytes, message: Bytes) => Promise<boolean>;

/** WebCrypto (W3C Web Cryptography Level 2); its copies of keys can't be extracted. */
export const webSignatures: SignaturePlatform = {
  async signerFor(privateKey) {
    const key = await imported('pkcs8', concat(PKCS8, privateKey), 'sign');
    return key && (async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, message)));
  },
  async verifierFor(publicKey) {
    const key = await imported('raw', publicKey, 'verify');
    return key && ((signature, message) => crypto.subtle.verify('Ed25519', key, signature, message));
  },
};

/** @param privateKey 32-byte seed. */
export async function createSigner(privateKey: Bytes, platform = webSignatures): Promise<Signer> {
  const publicKey = ed25519.publicKeyOf(privateKey);
  const sign = await platform.signerFor(privateKey, publicKey);
  return { publicKey, sign: sign ?? (async (message) => ed25519.sign(message, privateKey)) };
}

const ready = new WeakMap<Bytes, { key: Bytes; platform: SignaturePlatform; verify: Verify }>();

/**
 * Verifies exactly what `ed25519.verify` does. A platform's yes needs the key to be canonical and of
 * large order, which platforms leave unchecked; then the signature satisfies the equation without the
 * cofactor, and so the one with it. A platform's no is asked again, since platforms differ there: else
 * a sender could write a message that only some members accept.
 * @param publicKey 32 bytes; kept ready as long as this very array lives.
 */
export async function createVerifier(publicKey: Bytes, platform = webSignatures): Promise<Verify> {
  const known = ready.get(publicKey);
  if (known?.platform === platform && equal(known.key, publicKey)) return known.verify;
  const key = publicKey.slice();
  const native = isStrictKey(key) ? await platform.verifierFor(key) : undefined;
  const verify: Verify = async (signature, message) =>
    (native !== undefined && (await native(signature, message))) || ed25519.verify(signature, message, key);
  ready.set(publicKey, { key, platform, verify });
  return verify;
}

/** RFC 8410 §7: what stands before a 32-byte seed in PKCS #8. */
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** A WebCrypto key that can't be extracted; `undefined` outside a secure context, without Ed25519, or for no key. */
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
