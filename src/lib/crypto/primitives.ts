import { ed25519 as curve } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 as libraryHash, sha512 } from '@noble/hashes/sha2.js';
import { concat, equal, type Bytes } from '../core/bytes.ts';
import type { Random } from '../core/ports.ts';

/**
 * The algorithms everything else is built from: synchronous, because a database transaction ends at
 * the first foreign await. Keys and nonces of a wrong length are bugs and throw; data that came from
 * outside never does.
 */

export { aesGcmOpen, aesGcmSeal } from './aesGcm.ts';
export { xchachaOpen, xchachaSeal } from './xchacha.ts';
export { hmacSha256, hmacSha256All, sha256 } from './sha256.ts';

/** SHA-256 of what comes in pieces. */
export const createSha256 = (): { update(piece: Uint8Array): unknown; digest(): Uint8Array } => libraryHash.create();

export const AEAD_TAG = 16;
export const SIGNATURE = 64;

/** HKDF-SHA-256 (RFC 5869), extract and expand. @param length bytes wanted, at most 8,160. */
export const hkdfSha256 = (ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Bytes =>
  own(hkdf(libraryHash, ikm, salt, info, length));

export interface KeyPair {
  /** The 32-byte seed of RFC 8032. */
  readonly privateKey: Bytes;
  /** 32 bytes. */
  readonly publicKey: Bytes;
}

/** Ed25519 (RFC 8032 §5.1). */
export const ed25519 = {
  keyPair(random: Random): KeyPair {
    const privateKey = random.bytes(32);
    return { privateKey, publicKey: ed25519.publicKeyOf(privateKey) };
  },

  publicKeyOf: (privateKey: Uint8Array): Bytes => own(expand(privateKey).publicKey),

  /** Deterministic: the same key and message give the same 64 bytes. */
  sign(message: Uint8Array, privateKey: Uint8Array): Bytes {
    const { scalar, prefix, publicKey } = expand(privateKey);
    const r = scalarFromHash(sha512(concat(prefix, message)));
    const commitment = BASE.multiply(r).toBytes();
    const k = scalarFromHash(sha512(concat(commitment, publicKey, message)));
    return concat(commitment, Fn.toBytes(Fn.create(r + k * scalar)));
  },

  /**
   * Strict: canonical points, S below the group order, no public key of small order. Never throws;
   * a signature or key of a wrong length is just not valid.
   */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    if (signature.length !== SIGNATURE || publicKey.length !== 32) return false;
    return curve.verify(signature, message, publicKey, { zip215: false });
  },
} as const;

const { BASE, Fn } = curve.Point;

interface Expanded {
  readonly seed: Uint8Array;
  readonly scalar: bigint;
  readonly prefix: Uint8Array;
  readonly publicKey: Uint8Array;
}

/**
 * What RFC 8032 §5.1.5 derives from a seed, kept as long as the seed's own array lives: deriving the
 * public key again for each signature would double its cost. It is always derived here and never taken
 * from a caller, because a signature made with a wrong public key gives the private key away.
 */
const expandedKeys = new WeakMap<Uint8Array, Expanded>();

function expand(privateKey: Uint8Array): Expanded {
  if (privateKey.length !== 32) throw new RangeError('an Ed25519 private key has 32 bytes');
  const known = expandedKeys.get(privateKey);
  if (known !== undefined && equal(known.seed, privateKey)) return known;
  const { scalar, prefix, pointBytes } = curve.utils.getExtendedPublicKey(privateKey);
  const expanded = { seed: privateKey.slice(), scalar, prefix, publicKey: pointBytes };
  expandedKeys.set(privateKey, expanded);
  return expanded;
}

/** A hash read as little endian, modulo the group order. */
function scalarFromHash(hash: Uint8Array): bigint {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.length);
  let value = 0n;
  for (let at = hash.length - 8; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(at, true);
  return Fn.create(value);
}

/** Bytes on a buffer of their own kind: noble's types allow a shared one. */
const own = (bytes: Uint8Array): Bytes =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : new Uint8Array(bytes);
