import type { PrivateKey, PublicKey } from 'ts-mls';
import type { Bytes } from '../../../core/bytes.ts';

/** Keys as the library hands them around; their bytes are not in them, so that no log or clone has them. */
export interface KeyHolder {
  publicKey(bytes: Bytes): PublicKey;
  privateKey(bytes: Bytes): PrivateKey;
  /** The bytes of a key that this holder made; throws for any other, and for one of the other type. */
  bytesOf(key: PublicKey | PrivateKey, type: 'public' | 'private'): Bytes;
}

/** @param algorithm what its keys are named after. */
export function createKeyHolder(algorithm: string): KeyHolder {
  const contents = new WeakMap<CryptoKey, Bytes>();
  const held = <T extends CryptoKey>(key: T, bytes: Bytes): T => {
    contents.set(key, bytes);
    return key;
  };
  const common = { algorithm: { name: algorithm }, extractable: true };
  return {
    publicKey: (bytes) => held<PublicKey>({ ...common, type: 'public', usages: [] }, bytes),
    privateKey: (bytes) => held<PrivateKey>({ ...common, type: 'private', usages: ['deriveBits'] }, bytes),
    bytesOf(key, type) {
      const bytes = contents.get(key);
      if (bytes === undefined || key.type !== type) throw new TypeError(`not a ${type} key of ${algorithm}`);
      return bytes;
    },
  };
}
