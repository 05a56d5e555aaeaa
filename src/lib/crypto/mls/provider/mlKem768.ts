import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { Bytes } from '../../../core/bytes.ts';
import { unshared } from './unshared.ts';

/** ML-KEM-768 (FIPS 203), asynchronous so that a platform's own can stand here: see `platformMlKem768.ts`. */
export interface MlKem768 {
  /** @param seed 64 bytes, `d ‖ z` (§7.1). */
  keyPair(seed: Bytes): Promise<MlKemKeyPair>;
  /**
   * @param publicKey 1,184 bytes; refused where its coefficients are not reduced (§7.2).
   * @param message 32 bytes of chance. A platform's own draws these itself and leaves them unread.
   */
  encapsulate(publicKey: Bytes, message: Bytes): Promise<{ ciphertext: Bytes; sharedSecret: Bytes }>;
}

export interface MlKemKeyPair {
  publicKey(): Promise<Bytes>;
  /**
   * @param ciphertext 1,088 bytes, of another length it is refused.
   * @returns 32 bytes; for a ciphertext that nobody made, ones that only this key knows (§6.3).
   */
  decapsulate(ciphertext: Bytes): Promise<Bytes>;
}

export const ML_KEM_768 = { seed: 64, publicKey: 1184, ciphertext: 1088, message: 32 } as const;

export const nobleMlKem768: MlKem768 = {
  async keyPair(seed) {
    const { publicKey, secretKey } = ml_kem768.keygen(seed);
    return {
      publicKey: async () => unshared(publicKey),
      decapsulate: async (ciphertext) => unshared(ml_kem768.decapsulate(ciphertext, secretKey)),
    };
  },

  async encapsulate(publicKey, message) {
    checkReduced(publicKey);
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, message);
    return { ciphertext: unshared(cipherText), sharedSecret: unshared(sharedSecret) };
  },
};

const MODULUS = 3329;
/** The 32 bytes after the coefficients are the seed of the matrix. */
const COEFFICIENTS = ML_KEM_768.publicKey - 32;

/**
 * The modulus check of FIPS 203 §7.2, which throws: each three bytes hold two coefficients of 12 bits. The library's
 * own compares a key with itself, decoded and encoded again without being reduced in between.
 */
export function checkReduced(publicKey: Bytes): void {
  const refused = () => new RangeError('coefficients that are not reduced');
  for (let at = 0; at < COEFFICIENTS; at += 3) {
    const [low = 0, middle = 0, high = 0] = publicKey.subarray(at, at + 3);
    if ((low | ((middle & 15) << 8)) >= MODULUS || ((middle >> 4) | (high << 4)) >= MODULUS) throw refused();
  }
}
