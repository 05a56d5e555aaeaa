import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { base64urlFromBytes, type Bytes } from '../../src/lib/core/bytes.ts';
import type { SignaturePlatform } from '../../src/lib/crypto/platformSignature.ts';

/** Node's own Ed25519. Its WebCrypto has the same behind a queue of threads, which costs more than the signature. */
export const nodeSignatures: SignaturePlatform = {
  async signerFor(privateKey, publicKey) {
    const key = createPrivateKey({ key: { ...jwkOf(publicKey), d: base64urlFromBytes(privateKey) }, format: 'jwk' });
    return async (message) => new Uint8Array(sign(null, message, key));
  },
  async verifierFor(publicKey) {
    const key = createPublicKey({ key: jwkOf(publicKey), format: 'jwk' });
    return async (signature, message) => verify(null, message, key, signature);
  },
};

/** RFC 8037 §2. */
const jwkOf = (publicKey: Bytes): { kty: string; crv: string; x: string } => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x: base64urlFromBytes(publicKey),
});
