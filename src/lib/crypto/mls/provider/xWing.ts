import { sha3_256, shake256 } from '@noble/hashes/sha3.js';
import { concat, utf8, type Bytes } from '../../../core/bytes.ts';
import type { Kem } from './kem.ts';
import { ML_KEM_768, type MlKem768, type MlKemKeyPair } from './mlKem768.ts';
import { platformMlKem768 } from './platformMlKem768.ts';
import { unshared } from './unshared.ts';
import { X25519_LENGTH, x25519, x25519PublicKey } from './x25519.ts';

const SEED = 32;
/** Drawn, it looks like an X-wing from the front. */
const LABEL = utf8('\\.//^\\');

/**
 * X-Wing (draft-connolly-cfrg-xwing-kem-06): secret as long as either ML-KEM-768 or X25519 holds. A
 * private key is the 32-byte seed of both. The entropy of an encapsulation is ML-KEM's message, then
 * the ephemeral private key.
 */
export const createXWing = (mlKem: MlKem768): Kem => {
  /** `expandDecapsulationKey` (§5.2). */
  async function opened(seed: Bytes): Promise<{ pair: MlKemKeyPair; privateX: Bytes; publicX: Bytes }> {
    const expanded = unshared(shake256(seed, { dkLen: ML_KEM_768.seed + X25519_LENGTH }));
    const privateX = expanded.slice(ML_KEM_768.seed);
    const pair = await mlKem.keyPair(expanded.slice(0, ML_KEM_768.seed));
    return { pair, privateX, publicX: await x25519PublicKey(privateX) };
  }

  return {
    id: 0x647a,
    name: 'X-Wing',
    sizes: {
      publicKey: ML_KEM_768.publicKey + X25519_LENGTH,
      privateKey: SEED,
      encapsulated: ML_KEM_768.ciphertext + X25519_LENGTH,
      entropy: ML_KEM_768.message + X25519_LENGTH,
    },

    // §5.6
    derivePrivateKey: (ikm) => unshared(shake256(ikm, { dkLen: SEED })),

    async publicKeyOf(privateKey) {
      const { pair, publicX } = await opened(privateKey);
      return concat(await pair.publicKey(), publicX);
    },

    async encapsulate(publicKey, entropy) {
      const publicX = publicKey.slice(ML_KEM_768.publicKey);
      const privateX = entropy.slice(ML_KEM_768.message);
      const sharedX = await x25519.shared(privateX, publicX);
      const ephemeral = await x25519PublicKey(privateX);
      const { ciphertext, sharedSecret } = await mlKem.encapsulate(
        publicKey.slice(0, ML_KEM_768.publicKey),
        entropy.slice(0, ML_KEM_768.message),
      );
      return {
        encapsulated: concat(ciphertext, ephemeral),
        sharedSecret: combined(sharedSecret, sharedX, ephemeral, publicX),
      };
    },

    async decapsulate(privateKey, encapsulated) {
      const { pair, privateX, publicX } = await opened(privateKey);
      const ephemeral = encapsulated.slice(ML_KEM_768.ciphertext);
      const sharedX = await x25519.shared(privateX, ephemeral);
      const sharedM = await pair.decapsulate(encapsulated.slice(0, ML_KEM_768.ciphertext));
      return combined(sharedM, sharedX, ephemeral, publicX);
    },
  };
};

export const xWing = createXWing(platformMlKem768);

/** `Combiner` (§5.3): ML-KEM binds its own ciphertext and key, X25519's have to be hashed in. */
const combined = (sharedM: Bytes, sharedX: Bytes, ephemeral: Bytes, publicX: Bytes): Bytes =>
  unshared(sha3_256(concat(sharedM, sharedX, ephemeral, publicX, LABEL)));
