import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ciphersuites,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type CiphersuiteImpl,
  type CiphersuiteName,
  type ClientConfig,
} from 'ts-mls';
import { bytesFromHex, type Bytes } from '../../../../src/lib/core/bytes.ts';
import { configAt } from '../../../../src/lib/crypto/mls/config.ts';
import { algorithmsOf, isSuite } from '../../../../src/lib/crypto/mls/suite.ts';

/**
 * The test vectors of RFC 9420 (github.com/mlswg/mls-implementations), run against the library as we ship
 * it: patched, and under our own configuration. `MLS_VECTORS` names their folder; the default lies beside
 * the repository. Where there is none, the tests say so loudly and are left out.
 */
const folder = process.env['MLS_VECTORS'] ?? join(import.meta.dirname, '../../../../../shared/vectors/mls');

export const haveVectors = existsSync(join(folder, 'tree-math.json'));
if (!haveVectors) {
  console.warn(`\n!!! RFC 9420 VECTORS NOT RUN: no ${folder}; set MLS_VECTORS to their folder !!!\n`);
}

/** All entries of a file of vectors; the shape is the file's own, as the RFC's repository describes it. */
export const vectorsOf = <T>(name: string): T[] =>
  haveVectors ? (JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T[]) : [];

const loaded = new Map<number, Promise<CiphersuiteImpl>>();

/** The algorithms of a suite by its number: ours where we speak it. All seven of the RFC have their dependencies. */
export function suiteNumber(id: number): Promise<CiphersuiteImpl> {
  const name = (Object.keys(ciphersuites) as CiphersuiteName[]).find((key) => ciphersuites[key] === id);
  if (name === undefined) throw new Error(`no suite ${id}`);
  const suite = loaded.get(id) ?? (isSuite(id) ? algorithmsOf(id) : getCiphersuiteImpl(getCiphersuiteFromName(name)));
  loaded.set(id, suite);
  return suite;
}

/** Our configuration, but for the credentials of the vectors, which are no certificates of ours. */
export const vectorConfig: ClientConfig = {
  ...configAt(0).config,
  // Resumption PSKs of past epochs occur in the vectors; our groups have none and keep no past epochs.
  keyRetentionConfig: { ...configAt(0).config.keyRetentionConfig, retainKeysForEpochs: 8 },
  authService: { validateCredential: () => Promise.resolve(true) },
};

export function hex(text: string): Bytes {
  const bytes = bytesFromHex(text);
  if (bytes === undefined) throw new Error('not hex');
  return bytes;
}
