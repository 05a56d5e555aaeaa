import { expand, extract } from '@noble/hashes/hkdf.js';
import { concat, utf8, type Bytes } from '../../../core/bytes.ts';
import type { HashAlgorithm } from './hash.ts';
import { unshared } from './unshared.ts';

export interface LabeledHkdf {
  extract(salt: Uint8Array, label: string, ikm: Uint8Array): Bytes;
  /** @param length bytes wanted. */
  expand(prk: Uint8Array, label: string, info: Uint8Array, length: number): Bytes;
}

/** `LabeledExtract` and `LabeledExpand` of RFC 9180 §4, bound to one suite by its id. */
export const labeledHkdf = (hash: HashAlgorithm, suiteId: Uint8Array): LabeledHkdf => {
  const bound = concat(utf8('HPKE-v1'), suiteId);
  return {
    extract: (salt, label, ikm) => unshared(extract(hash, concat(bound, utf8(label), ikm), salt)),
    expand: (prk, label, info, length) =>
      unshared(expand(hash, prk, concat(u16(length), bound, utf8(label), info), length)),
  };
};

/** Two bytes, big endian: `I2OSP(value, 2)`. */
export const u16 = (value: number): Bytes => Uint8Array.of(value >> 8, value & 0xff);
