import { err, ok, type Result } from '../core/result.ts';
import { createSealer } from '../crypto/seal.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { wipeExpired } from '../db/expiry.ts';
import { settleStorage } from '../db/faults.ts';
import { recordUnlock } from '../db/keyStore.ts';
import type { Identity } from '../sync/identity.ts';
import { loadIdentity, type AccountPorts } from './account.ts';
import type { UnlockFault } from './client.ts';
import { DATABASE_KEY } from './databaseKey.ts';
import { openDatabaseKey, tellFailures } from './openingDatabaseKey.ts';

/** Opening a vault that is there: loaded when it is, since a device that just got its account is not locked. */

const UNLOCK = { eventType: 'authentication', action: 'unlock' } as const;

/**
 * Opens the vault. Needs no network. A wrong passphrase is counted in clear while locked, and told in a
 * security event at the next right one.
 */
export async function unlock(ports: AccountPorts, passphrase: string): Promise<Result<Identity, UnlockFault>> {
  const { store, clock, random } = ports;
  const opened = await openDatabaseKey(ports, passphrase);
  if (!opened.ok) return opened;
  const { databaseKey, failures } = opened.value;

  store.unlock(createSealer(databaseKey, random));
  const readied = await readyForShowing(ports);
  if (!readied.ok) {
    store.lock();
    return readied;
  }
  await store.tx('rw', ['keyStore', 'securityEvents', 'users', 'relayLogin', ...auditTables], async () => {
    const now = clock.now();
    await tellFailures(store, UNLOCK.action, failures);
    await appendAudit(store, { ...UNLOCK, success: true }, now);
    await recordUnlock(store, DATABASE_KEY, now);
    const self = await store.relayLogin.get('self');
    if (self !== undefined) await store.users.update(self.accountId, { lastLogin: now });
  });
  const identity = await loadIdentity(store);
  return identity === undefined ? err({ code: 'damaged-vault', retry: 'never' }) : ok(identity);
}

/**
 * What has to be done between unlocking and the first look: rows of an older version are brought up to date,
 * and what has expired meanwhile is wiped. Refused: `migration-failed`; the next unlock goes on with it.
 */
export async function readyForShowing({ store, clock, logger }: AccountPorts): Promise<Result<void, UnlockFault>> {
  const upgraded = await settleStorage(() => store.finishUpgrade());
  // A damaged row keeps nobody out either: the integrity check finds it, and the next unlock goes on.
  if (!upgraded.ok && upgraded.error.code !== 'sealed-value-damaged')
    return err({ code: 'migration-failed', retry: 'person', detail: upgraded.error.code });
  const wiped = await settleStorage(() => wipeExpired(store, clock.now()));
  // A full or damaged disk must not keep anybody out.
  if (!wiped.ok) logger.log('warn', 'expiry-failed', { code: wiped.error.code });
  return ok(undefined);
}
