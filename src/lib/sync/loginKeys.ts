import type { Bytes } from '../core/bytes.ts';

/** Makes and uses the key that logs a device in on the relay. Its private half never shows as bytes. */
export interface LoginKeys {
  create(): Promise<{ readonly key: CryptoKey; readonly publicKey: Bytes }>;
  /** Ed25519 signature (RFC 8032), 64 bytes. */
  sign(key: CryptoKey, data: Bytes): Promise<Bytes>;
}
