import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Bytes } from '../core/bytes.ts';
import { AEAD_TAG } from './primitives.ts';

/**
 * XChaCha20-Poly1305 for kilobytes and more, with nothing bound to it: there the library is as quick as
 * `xchacha.ts`, which is for short values, and loaded only with what is long.
 * @param key 32 bytes. @param nonce 24 bytes. @returns ciphertext ‖ 16-byte tag.
 */
export const sealLong = (key: Bytes, nonce: Bytes, plaintext: Uint8Array): Bytes =>
  xchacha20poly1305(key, nonce).encrypt(plaintext) as Bytes;

/** The plaintext of {@link sealLong}'s output, or `undefined` where key, nonce or ciphertext differ. */
export function openLong(key: Bytes, nonce: Bytes, sealed: Uint8Array): Bytes | undefined {
  if (sealed.length < AEAD_TAG) return undefined;
  try {
    return xchacha20poly1305(key, nonce).decrypt(sealed) as Bytes;
  } catch {
    // The library throws on a tag that does not fit, and for no other reason with arguments of these types.
    return undefined;
  }
}
