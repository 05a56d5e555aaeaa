import type { Bytes } from '../../../core/bytes.ts';

/**
 * A key encapsulation mechanism as HPKE needs it (RFC 9180 §4), on keys as bytes and without chance of
 * its own. Whatever it refuses, it refuses by throwing: lengths are for the caller to check, points and
 * moduli for the mechanism.
 */
export interface Kem {
  /** In HPKE's registry, two bytes. */
  readonly id: number;
  readonly name: string;
  /** All in bytes. */
  readonly sizes: {
    readonly publicKey: number;
    readonly privateKey: number;
    readonly encapsulated: number;
    /** What {@link Kem.encapsulate} wants of chance. */
    readonly entropy: number;
  };
  /** The private key that `DeriveKeyPair(ikm)` makes. */
  derivePrivateKey(ikm: Uint8Array): Bytes;
  publicKeyOf(privateKey: Bytes): Promise<Bytes>;
  encapsulate(publicKey: Bytes, entropy: Bytes): Promise<{ encapsulated: Bytes; sharedSecret: Bytes }>;
  decapsulate(privateKey: Bytes, encapsulated: Bytes): Promise<Bytes>;
}
