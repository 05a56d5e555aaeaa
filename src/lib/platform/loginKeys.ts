import type { Bytes } from '../core/bytes.ts';
import type { LoginKeys } from '../sync/loginKeys.ts';

/**
 * The device's login key as a non-extractable WebCrypto Ed25519 key. It is the one key that is kept
 * outside the vault, so that the service worker can log in while the app is locked; it opens no message.
 */
export const webLoginKeys: LoginKeys = {
  async create() {
    const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
    return { key: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) };
  },
  async sign(key, data): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign({ name: 'Ed25519' }, key, data));
  },
};
