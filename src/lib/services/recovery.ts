import { err, ok, type Fault, type Result } from '../core/result.ts';
import type { Bytes } from '../core/bytes.ts';
import {
  backupPublicOf,
  boundToPhrase,
  createPhrase,
  entropyFromPhrase,
  keysFromEntropy,
} from '../crypto/recoveryPhrase.ts';
import { createSealer } from '../crypto/seal.ts';
import { unwrapKey, wrapKey } from '../crypto/vault.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { loadKeyRow, saveKey, saveWrappedKey } from '../db/keyStore.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { Store } from '../db/store.ts';
import { wordsOf } from '../domain/phraseWords.ts';
import type { Identity } from '../sync/identity.ts';
import { loadIdentity, type AccountPorts } from './account.ts';
import { readyForShowing } from './unlocking.ts';
import { DATABASE_BY_PHRASE, wrapDatabaseKey } from './databaseKey.ts';
import { openDatabaseKey } from './openingDatabaseKey.ts';

/** Rows of `keyStore` that a recovery phrase fills. */
const IDENTITY_BY_PHRASE = 'identityByPhrase';
const BACKUP_KEY = 'backup';
const WRAPPING = 'XChaCha20-Poly1305';

/** A phrase that was made and not kept yet: its person has to show first that they have it. */
export interface NewPhrase {
  readonly words: readonly string[];
  /** Stores what the phrase opens. It takes the place of the phrase before, which opens nothing from then on. */
  keep(): Promise<void>;
}

/**
 * Makes a recovery phrase for whoever knows the passphrase: a screen left open must not give it away.
 * Refused: what `openDatabaseKey` refuses.
 */
export async function newRecoveryPhrase(
  ports: Pick<AccountPorts, 'store' | 'clock' | 'random'>,
  passphrase: string,
): Promise<Result<NewPhrase, Fault>> {
  const { store, clock, random } = ports;
  const opened = await openDatabaseKey(ports, passphrase);
  if (!opened.ok) return opened;
  const { databaseKey } = opened.value;
  const { words, entropy } = await createPhrase(random);
  const { databaseWrapping, identityWrapping, backupPrivate } = keysFromEntropy(entropy);
  const backupPublic = await backupPublicOf(backupPrivate);
  return ok({
    words,
    async keep() {
      const now = clock.now();
      await store.tx('rw', ['keyStore', ...auditTables], async () => {
        const identity = (await loadKeyRow(store, 'identity'))?.key;
        if (identity === undefined) throw new Error('an account without its key');
        const wrapped = (keyId: string, keyType: 'database' | 'identity', wrapping: Bytes, key: Bytes) =>
          saveWrappedKey(
            store,
            { keyId, keyType, wrapped: wrapKey(wrapping, key, boundToPhrase(keyType), random), algorithm: WRAPPING },
            now,
          );
        await wrapped(DATABASE_BY_PHRASE, 'database', databaseWrapping, databaseKey);
        await wrapped(IDENTITY_BY_PHRASE, 'identity', identityWrapping, identity);
        await saveKey(store, { keyId: BACKUP_KEY, keyType: 'backup', key: backupPublic, algorithm: 'X-Wing' }, now);
        await appendAudit(store, { eventType: 'security', action: 'recovery-phrase', success: true }, now);
      });
    },
  });
}

/** What backups are sealed to, where there is a phrase. Refused: `locked`. */
export const backupPublicKey = async (store: Store): Promise<Bytes | undefined> =>
  (await loadKeyRow(store, BACKUP_KEY))?.key;

/**
 * Opens the vault by the recovery phrase, and gives it a new passphrase in the same step. Needs no network.
 * Refused: the phrase's faults, `wrong-phrase`, `no-phrase`, `weak-passphrase`.
 */
export async function unlockWithPhrase(
  ports: AccountPorts,
  given: { readonly phrase: string; readonly passphrase: string },
): Promise<Result<Identity, Fault>> {
  const { store, clock, random } = ports;
  const row = await loadKeyRow(store, DATABASE_BY_PHRASE);
  if (row?.encryptedKey === undefined) return err({ code: 'no-phrase', retry: 'never' });
  const entropy = await entropyFromPhrase(wordsOf(given.phrase));
  if (!entropy.ok) return entropy;
  const { databaseWrapping } = keysFromEntropy(entropy.value);
  const databaseKey = unwrapKey(databaseWrapping, row.encryptedKey, boundToPhrase('database'));
  if (databaseKey === undefined) return err({ code: 'wrong-phrase', retry: 'person' });
  const wrapping = await wrapDatabaseKey(random, given.passphrase, databaseKey);
  if (!wrapping.ok) return wrapping;

  store.unlock(createSealer(databaseKey, random));
  const readied = await readyForShowing(ports);
  if (!readied.ok) {
    store.lock();
    return readied;
  }
  const now = clock.now();
  await store.tx('rw', ['keyStore', 'securityEvents', ...auditTables], async () => {
    await saveWrappedKey(store, wrapping.value, now);
    await appendAudit(store, { eventType: 'authentication', action: 'recover', success: true }, now);
    await recordSecurityEvent(store, { eventType: 'passphrase-reset', severity: 'medium', description: '', at: now });
  });
  const identity = await loadIdentity(store);
  return identity === undefined ? err({ code: 'damaged-vault', retry: 'never' }) : ok(identity);
}
