/**
 * The key encapsulation that ts-mls builds our suites from, without the NIST curves that it would bring
 * along: see `scripts/slimWorker.mjs`.
 */
export { DhkemX25519HkdfSha256 } from '@hpke/core';

class Unspoken {
  constructor() {
    throw new TypeError('a suite that Cairn does not speak');
  }
}

export { Unspoken as DhkemP256HkdfSha256, Unspoken as DhkemP384HkdfSha384, Unspoken as DhkemP521HkdfSha512 };
