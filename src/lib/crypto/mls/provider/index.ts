import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { CiphersuiteName, CryptoProvider, Rng } from 'ts-mls';
import { dhkemX25519 } from './dhkemX25519.ts';
import { hashWith, kdfWith, type HashAlgorithm } from './hash.ts';
import { createHpke } from './hpke.ts';
import type { Kem } from './kem.ts';
import { ed25519Signature } from './signature.ts';
import { xWing } from './xWing.ts';

/**
 * The algorithms of the two suites that Cairn speaks, and of no other: the library's own provider knows
 * nineteen, and would bring the code of their packages along. Keys and messages are the same as with it.
 * @param rng where every key and every ephemeral secret comes from.
 * @returns a provider that refuses other suites with a `TypeError`.
 */
export const createProvider = (rng: Rng): CryptoProvider => ({
  async getCiphersuiteImpl({ name }) {
    const parts = suites.get(name);
    if (parts === undefined) throw new TypeError(`suite ${name}`);
    const { hash, kem, aead } = parts;
    return {
      hash: hashWith(hash),
      kdf: kdfWith(hash),
      signature: ed25519Signature,
      hpke: createHpke({ kem, kdf: { id: parts.kdf, hash }, aead, rng }),
      rng,
      name,
    };
  },
});

interface Parts {
  readonly hash: HashAlgorithm;
  readonly kem: Kem;
  /** RFC 9180 §7.2. */
  readonly kdf: number;
  /** RFC 9180 §7.3. */
  readonly aead: { readonly id: number; readonly keyLength: number };
}

const suites: ReadonlyMap<CiphersuiteName, Parts> = new Map<CiphersuiteName, Parts>([
  [
    'MLS_256_XWING_AES256GCM_SHA512_Ed25519',
    { hash: sha512, kem: xWing, kdf: 0x0003, aead: { id: 0x0002, keyLength: 32 } },
  ],
  [
    'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
    { hash: sha256, kem: dhkemX25519, kdf: 0x0001, aead: { id: 0x0001, keyLength: 16 } },
  ],
]);
