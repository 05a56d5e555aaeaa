import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import {
  ciphersuites,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type CiphersuiteImpl,
  type CiphersuiteName,
  type Hash,
  type Kdf,
  type Signature,
} from 'ts-mls';
import { equal, type Bytes } from '../../core/bytes.ts';
import { createSigner, createVerifier } from '../platformSignature.ts';

/** Hybrid post-quantum: X-Wing (X25519 with ML-KEM-768), AES-256-GCM, SHA-512, Ed25519. */
export const SUITE = 83;
/** Classical: X25519, AES-128-GCM, SHA-256, Ed25519; for groups too large for the other. */
export const CLASSICAL_SUITE = 1;

export type SuiteId = typeof SUITE | typeof CLASSICAL_SUITE;

type HashAlgorithm = typeof sha256 | typeof sha512;

const suites: Readonly<Record<SuiteId, { name: CiphersuiteName; hash: HashAlgorithm }>> = {
  [SUITE]: { name: 'MLS_256_XWING_AES256GCM_SHA512_Ed25519', hash: sha512 },
  [CLASSICAL_SUITE]: { name: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519', hash: sha256 },
};

/** The names of all suites that we speak, in order of preference. */
export const suiteNames: readonly CiphersuiteName[] = [suites[SUITE].name, suites[CLASSICAL_SUITE].name];

export const isSuite = (id: number): id is SuiteId => id === SUITE || id === CLASSICAL_SUITE;

/** The IANA number of a suite. */
export const idOfSuite = (name: CiphersuiteName): number => ciphersuites[name];

const loaded = new Map<CiphersuiteName, Promise<CiphersuiteImpl>>();

/** The algorithms of a suite that we speak; loaded once. */
export function algorithmsOf(suite: SuiteId | CiphersuiteName): Promise<CiphersuiteImpl> {
  const id = typeof suite === 'number' ? suite : idOfSuite(suite);
  if (!isSuite(id)) throw new TypeError(`suite ${id}`);
  const { name, hash } = suites[id];
  const known = loaded.get(name) ?? load(name, hash);
  loaded.set(name, known);
  return known;
}

/**
 * The library's algorithms, with ours in three places. A commit hashes thousands of times a few bytes,
 * and for each the way to WebCrypto and back costs more than the hash; and signatures are accepted by
 * the same strict rules on every platform, or else members would not agree on what is valid.
 */
async function load(name: CiphersuiteName, hash: HashAlgorithm): Promise<CiphersuiteImpl> {
  const theirs = await getCiphersuiteImpl(getCiphersuiteFromName(name));
  return { ...theirs, hash: hashWith(hash), kdf: kdfWith(hash), signature: ed25519Signature };
}

const hashWith = (algorithm: HashAlgorithm): Hash => ({
  digest: async (data) => algorithm(data),
  mac: async (key, data) => hmac(algorithm, key, data),
  verifyMac: async (key, mac, data) => equal(hmac(algorithm, key, data), mac),
});

/** HKDF (RFC 5869). A secret that was erased has no length and derives nothing. */
const kdfWith = (algorithm: HashAlgorithm): Kdf => ({
  extract: async (salt, ikm) => extract(algorithm, ikm, salt),
  expand: async (prk, info, length) => {
    if (prk.length !== algorithm.outputLen) throw new TypeError('not a secret of this suite');
    return expand(algorithm, prk, info, length);
  },
  size: algorithm.outputLen,
});

const ed25519Signature: Signature = {
  sign: async (seed, message) => (await createSigner(own(seed))).sign(own(message)),
  verify: async (publicKey, message, signature) => (await createVerifier(own(publicKey)))(own(signature), own(message)),
  keygen: () => Promise.reject(new TypeError('a device brings its own signature key')),
};

/** The library's types allow any buffer under an array; there is no shared one in our hands. */
const own = (bytes: Uint8Array): Bytes =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : Uint8Array.from(bytes);
