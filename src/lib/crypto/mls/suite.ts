import type { CiphersuiteImpl, CiphersuiteName } from 'ts-mls';
import { ciphersuites, getCiphersuiteFromName } from 'ts-mls/crypto/ciphersuite.js';
import { defaultRng } from 'ts-mls/crypto/implementation/default/rng.js';
import { createProvider } from './provider/index.ts';

/** Hybrid post-quantum: X-Wing (X25519 with ML-KEM-768), AES-256-GCM, SHA-512, Ed25519. */
export const SUITE = 83;
/** Classical: X25519, AES-128-GCM, SHA-256, Ed25519; for groups too large for the other. */
export const CLASSICAL_SUITE = 1;

export type SuiteId = typeof SUITE | typeof CLASSICAL_SUITE;

const names: Readonly<Record<SuiteId, CiphersuiteName>> = {
  [SUITE]: 'MLS_256_XWING_AES256GCM_SHA512_Ed25519',
  [CLASSICAL_SUITE]: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
};

/** The names of all suites that we speak, in order of preference. */
export const suiteNames: readonly CiphersuiteName[] = [names[SUITE], names[CLASSICAL_SUITE]];

export const isSuite = (id: number): id is SuiteId => id === SUITE || id === CLASSICAL_SUITE;

/** The IANA number of a suite. */
export const idOfSuite = (name: CiphersuiteName): number => ciphersuites[name];

const provider = createProvider(defaultRng);
const loaded = new Map<CiphersuiteName, Promise<CiphersuiteImpl>>();

/** The algorithms of a suite that we speak; loaded once. */
export function algorithmsOf(suite: SuiteId | CiphersuiteName): Promise<CiphersuiteImpl> {
  const id = typeof suite === 'number' ? suite : idOfSuite(suite);
  if (!isSuite(id)) throw new TypeError(`suite ${id}`);
  const name = names[id];
  // Not by the library's `getCiphersuiteImpl`: it holds on to the library's own provider.
  const known = loaded.get(name) ?? provider.getCiphersuiteImpl(getCiphersuiteFromName(name));
  loaded.set(name, known);
  return known;
}
