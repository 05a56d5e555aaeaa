import type { Bytes } from '../../../core/bytes.ts';
import { unshared } from './unshared.ts';

export interface Aead {
  /** @returns ciphertext ‖ 16-byte tag. */
  seal(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, plaintext: Uint8Array): Promise<Bytes>;
  /** The plaintext; throws where key, nonce, bound data or ciphertext differ. */
  open(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, sealed: Uint8Array): Promise<Bytes>;
}

export const NONCE_LENGTH = 12;

/** AES-GCM (NIST SP 800-38D) of WebCrypto. Keys of another length than `keyLength`, in bytes, are refused. */
export const webAesGcm = (keyLength: number): Aead => {
  async function imported(key: Uint8Array, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
    if (key.length !== keyLength) throw new RangeError('not a key of this suite');
    return crypto.subtle.importKey('raw', unshared(key), 'AES-GCM', false, [usage]);
  }
  const parameters = (nonce: Uint8Array, bound: Uint8Array): AesGcmParams => ({
    name: 'AES-GCM',
    iv: unshared(nonce),
    additionalData: unshared(bound),
  });
  return {
    seal: async (key, nonce, bound, plaintext) =>
      new Uint8Array(
        await crypto.subtle.encrypt(parameters(nonce, bound), await imported(key, 'encrypt'), unshared(plaintext)),
      ),
    open: async (key, nonce, bound, sealed) =>
      new Uint8Array(
        await crypto.subtle.decrypt(parameters(nonce, bound), await imported(key, 'decrypt'), unshared(sealed)),
      ),
  };
};
