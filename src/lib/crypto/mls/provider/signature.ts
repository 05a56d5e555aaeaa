import type { Signature } from 'ts-mls';
import { createSigner, createVerifier } from '../../platformSignature.ts';
import { unshared } from './unshared.ts';

/** Ed25519 by the same strict rules on every platform, or else members would not agree on what is valid. */
export const ed25519Signature: Signature = {
  sign: async (seed, message) => (await createSigner(unshared(seed))).sign(unshared(message)),
  verify: async (publicKey, message, signature) =>
    (await createVerifier(unshared(publicKey)))(unshared(signature), unshared(message)),
  keygen: () => Promise.reject(new TypeError('a device brings its own signature key')),
};
