import type { Bytes } from '../core/bytes.ts';
import type { Clock, Random } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { boundToKdf, kdfFromValue, masterKeyFromPassphrase, unwrapKey } from '../crypto/vault.ts';
import { appendAudit } from '../db/auditLog.ts';
import { loadKeyRow, recordFailedUnlock } from '../db/keyStore.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { Store } from '../db/store.ts';
import type { UnlockFault } from './client.ts';
import { DATABASE_BY_PHRASE, DATABASE_KEY } from './databaseKey.ts';

/**
 * Opening the key of the database: a device that has just got its account does without. Whoever tries passphrases is
 * counted, whatever for.
 */

export interface DatabaseKeyPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** The database key, how it was wrapped, and what went before. */
export interface OpenedDatabaseKey {
  readonly databaseKey: Bytes;
  readonly wrapped: Bytes;
  /** Wrong passphrases in a row before this right one, and when the last was. */
  readonly failures: Failures;
}

export interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 5 * 60_000;

/** How long after `failures` wrong passphrases in a row the next may be tried: 1 s, doubling, up to 5 minutes. */
const unlockDelay = (failures: number): number =>
  failures === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);

/** Unwraps the key. A wrong passphrase is counted in clear, locked or not; nothing else is written. */
export async function openDatabaseKey(
  { store, clock }: DatabaseKeyPorts,
  passphrase: string,
): Promise<Result<OpenedDatabaseKey, UnlockFault>> {
  const row = await loadKeyRow(store, DATABASE_KEY);
  if (row?.encryptedKey === undefined) return err({ code: 'no-account', retry: 'never' });
  const failures = { count: row.failedUnlocks ?? 0, lastAt: row.lastFailedAt ?? 0 };
  const now = clock.now();
  const retryAt = failures.lastAt + unlockDelay(failures.count);
  // A clock that was set back must not lock a person out for longer than the longest delay.
  if (failures.count > 0 && now < retryAt && retryAt - now <= LONGEST_DELAY_MS)
    return err({ code: 'too-soon', retry: 'person', retryAt });

  const kdf = kdfFromValue(row.kdf);
  const masterKey = kdf.ok ? await masterKeyFromPassphrase(passphrase, kdf.value) : kdf;
  if (!kdf.ok || (!masterKey.ok && masterKey.error.code !== 'empty-passphrase')) {
    return err({ code: 'damaged-vault', retry: 'never' });
  }
  const databaseKey = masterKey.ok
    ? unwrapKey(masterKey.value, row.encryptedKey, boundToKdf(DATABASE_KEY, kdf.value))
    : undefined;
  if (masterKey.ok) masterKey.value.fill(0);
  if (databaseKey === undefined) {
    const failedAt = clock.now();
    const inARow = await recordFailedUnlock(store, DATABASE_KEY, failedAt);
    return err({ code: 'wrong-passphrase', retry: 'person', retryAt: failedAt + unlockDelay(inARow) });
  }
  return ok({ databaseKey, wrapped: row.encryptedKey, failures });
}

/** Tells about wrong passphrases once the right one came, in the caller's transaction. */
export async function tellFailures(store: Store, action: string, { count, lastAt }: Failures): Promise<void> {
  if (count === 0) return;
  await appendAudit(
    store,
    { eventType: 'authentication', action, success: false, details: { failures: count } },
    lastAt,
  );
  await recordSecurityEvent(store, {
    eventType: 'failed-unlock',
    severity: count >= 5 ? 'high' : 'medium',
    description: String(count),
    at: lastAt,
  });
}

/** When the present recovery phrase was made; `undefined` where there is none. */
export const phraseSince = async (store: Store): Promise<number | undefined> =>
  (await loadKeyRow(store, DATABASE_BY_PHRASE))?.createdAt;
