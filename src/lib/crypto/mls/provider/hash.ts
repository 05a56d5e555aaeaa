import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import type { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Hash, Kdf } from 'ts-mls';
import { equal } from '../../../core/bytes.ts';

export type HashAlgorithm = typeof sha256 | typeof sha512;

/**
 * Hash and HMAC of a suite. In JavaScript: a commit hashes thousands of times a few bytes, and for each
 * the way to WebCrypto and back costs more than the hash.
 */
export const hashWith = (algorithm: HashAlgorithm): Hash => ({
  digest: async (data) => algorithm(data),
  mac: async (key, data) => hmac(algorithm, key, data),
  verifyMac: async (key, mac, data) => equal(hmac(algorithm, key, data), mac),
});

/** HKDF (RFC 5869). A secret that was erased has no length and derives nothing. */
export const kdfWith = (algorithm: HashAlgorithm): Kdf => ({
  extract: async (salt, ikm) => extract(algorithm, ikm, salt),
  expand: async (prk, info, length) => {
    if (prk.length !== algorithm.outputLen) throw new TypeError('not a secret of this suite');
    return expand(algorithm, prk, info, length);
  },
  size: algorithm.outputLen,
});
