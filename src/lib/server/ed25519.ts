import { createPublicKey, verify } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';
import { base64urlFromBytes } from '../core/bytes.ts';

/** RFC 8032 §5.1.7. False for anything that is not a valid signature, a bad key among them. */
export function isSignedBy(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: base64urlFromBytes(publicKey) },
      format: 'jwk',
    });
    return verify(null, message, key, signature);
  } catch {
    // OpenSSL refuses what is no point of the curve by throwing.
    return false;
  }
}
