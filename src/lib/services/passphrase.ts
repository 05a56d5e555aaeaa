import { ok, settle, type Fault, type Result } from '../core/result.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { replaceWrappedKey } from '../db/keyStore.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { UnlockFault } from './client.ts';
import { wrapDatabaseKey } from './databaseKey.ts';
import { openDatabaseKey, tellFailures, type DatabaseKeyPorts } from './openingDatabaseKey.ts';

/**
 * Another passphrase from now on. Only the database key is wrapped anew; nothing it seals is touched, and
 * other ways in (passkey, recovery phrase) stay as they are. One transaction: broken off anywhere, the old
 * passphrase is the one that opens. A wrong current passphrase counts like one at the lock.
 * Refused: `weak-passphrase`, what {@link openDatabaseKey} refuses, `torn-state` where another tab was quicker.
 */
export async function changePassphrase(
  ports: DatabaseKeyPorts,
  input: { readonly current: string; readonly next: string },
): Promise<Result<void, UnlockFault | Fault>> {
  const { store, clock, random } = ports;
  const opened = await openDatabaseKey(ports, input.current);
  if (!opened.ok) return opened;
  const { databaseKey, wrapped, failures } = opened.value;
  const next = await wrapDatabaseKey(random, input.next, databaseKey);
  databaseKey.fill(0);
  if (!next.ok) return next;
  const stored = await settle(
    store.tx('rw', ['keyStore', 'securityEvents', ...auditTables], async () => {
      await replaceWrappedKey(store, next.value, wrapped);
      const now = clock.now();
      await tellFailures(store, CHANGE.action, failures);
      await appendAudit(store, { ...CHANGE, success: true }, now);
      await recordSecurityEvent(store, {
        eventType: 'passphrase-changed',
        severity: 'medium',
        description: '',
        at: now,
      });
    }),
  );
  return stored.ok ? ok(undefined) : stored;
}

const CHANGE = { eventType: 'authentication', action: 'change-passphrase' } as const;
