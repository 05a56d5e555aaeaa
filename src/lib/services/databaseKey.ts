import type { Bytes } from '../core/bytes.ts';
import type { Random } from '../core/ports.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { boundToKdf, defaultKdf, masterKeyFromPassphrase, valueFromKdf, wasmRuns, wrapKey } from '../crypto/vault.ts';
import type { WrappedKey } from '../db/keyStore.ts';

/** The key of the database, wrapped by a passphrase. Opening it is in `openingDatabaseKey.ts`. */

/** Characters; what a person can remember and a machine can't guess from a list is for them to judge. */
export const SHORTEST_PASSPHRASE = 8;
export const DATABASE_KEY = 'database';
/** The same key under the recovery phrase. */
export const DATABASE_BY_PHRASE = 'databaseByPhrase';

/** Wraps the key by a new passphrase, with fresh parameters, ready to be stored. Refused: `weak-passphrase`. */
export async function wrapDatabaseKey(
  random: Random,
  passphrase: string,
  databaseKey: Bytes,
): Promise<Result<WrappedKey, Fault>> {
  if ([...passphrase].length < SHORTEST_PASSPHRASE) return err({ code: 'weak-passphrase', retry: 'person' });
  const kdf = defaultKdf(random, wasmRuns());
  const masterKey = await masterKeyFromPassphrase(passphrase, kdf);
  if (!masterKey.ok) return masterKey;
  const wrapped = wrapKey(masterKey.value, databaseKey, boundToKdf(DATABASE_KEY, kdf), random);
  masterKey.value.fill(0);
  return ok({
    keyId: DATABASE_KEY,
    keyType: 'database',
    wrapped,
    algorithm: 'XChaCha20-Poly1305',
    kdf: valueFromKdf(kdf),
  });
}
