import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8, type Bytes } from '../../../core/bytes.ts';
import type { Kem } from './kem.ts';
import { labeledHkdf, u16 } from './labeledHkdf.ts';
import { X25519_LENGTH, x25519, x25519PublicKey } from './x25519.ts';

const ID = 0x0020;
const NONE = new Uint8Array();
const kdf = labeledHkdf(sha256, concat(utf8('KEM'), u16(ID)));

/** DHKEM(X25519, HKDF-SHA256), RFC 9180 §4.1. The entropy of an encapsulation is its ephemeral private key. */
export const dhkemX25519: Kem = {
  id: ID,
  name: 'X25519',
  sizes: { publicKey: X25519_LENGTH, privateKey: X25519_LENGTH, encapsulated: X25519_LENGTH, entropy: X25519_LENGTH },

  // §7.1.3
  derivePrivateKey: (ikm) => kdf.expand(kdf.extract(NONE, 'dkp_prk', ikm), 'sk', NONE, X25519_LENGTH),

  publicKeyOf: x25519PublicKey,

  async encapsulate(publicKey, entropy) {
    const shared = await x25519.shared(entropy, publicKey);
    const encapsulated = await x25519PublicKey(entropy);
    return { encapsulated, sharedSecret: extractAndExpand(shared, encapsulated, publicKey) };
  },

  async decapsulate(privateKey, encapsulated) {
    const shared = await x25519.shared(privateKey, encapsulated);
    return extractAndExpand(shared, encapsulated, await x25519PublicKey(privateKey));
  },
};

/** `ExtractAndExpand` over the exchanged secret, bound to both public keys. */
const extractAndExpand = (shared: Bytes, encapsulated: Bytes, publicKey: Bytes): Bytes =>
  kdf.expand(kdf.extract(NONE, 'eae_prk', shared), 'shared_secret', concat(encapsulated, publicKey), 32);
