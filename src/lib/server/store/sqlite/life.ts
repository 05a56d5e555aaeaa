import { bytesFromId, idFromBytes, type DeviceId } from '../../../core/ids.ts';
import type { LifeTables } from '../lifeTables.ts';
import { blob, integer, text, type Statements } from './statements.ts';

/** In this order, so that no row refers to one that is gone. Each gets the account's id. */
const DELETIONS = [
  'login_challenges WHERE device',
  'sessions WHERE device',
  'last_resort_uses WHERE device',
  'last_resort_uses WHERE reserved_by',
  'key_packages WHERE device',
  // A mailbox has its device's id.
  'stream_entries WHERE stream',
  'stream_members WHERE stream',
  'streams WHERE id',
].map((rows) => `DELETE FROM ${rows} IN (SELECT id FROM devices WHERE account = ?)`);

export function createLifeTables(sql: Statements): LifeTables {
  return {
    async findAccount(account) {
      const row = sql.one('SELECT account_key, status, status_at FROM accounts WHERE id = ?', bytesFromId(account));
      if (row === undefined) return undefined;
      return {
        accountKey: blob(row, 'account_key'),
        isActive: text(row, 'status') === 'active',
        statusAt: integer(row, 'status_at'),
      };
    },
    async setStatus(account, isActive, at) {
      sql.run(
        'UPDATE accounts SET status = ?, status_at = ? WHERE id = ?',
        isActive ? 'active' : 'deactivated',
        at,
        bytesFromId(account),
      );
    },
    async devicesOf(account) {
      return sql
        .all('SELECT * FROM devices WHERE account = ? ORDER BY created_at, id', bytesFromId(account))
        .map((row) => ({
          device: idFromBytes<DeviceId>(blob(row, 'id')),
          certificate: blob(row, 'certificate'),
          isRevoked: text(row, 'status') === 'revoked',
          createdAt: integer(row, 'created_at'),
          lastSeen: integer(row, 'last_seen'),
        }));
    },
    async keepRevocation(device, { at, signature }) {
      sql.run(
        'UPDATE devices SET revoked_at = ?, revocation = ? WHERE id = ? AND coalesce(revoked_at, -1) < ?',
        at,
        signature,
        bytesFromId(device),
        at,
      );
    },
    async revocationOf(device) {
      const row = sql.one(
        'SELECT revoked_at, revocation FROM devices WHERE id = ? AND revocation IS NOT NULL',
        bytesFromId(device),
      );
      return row === undefined ? undefined : { at: integer(row, 'revoked_at'), signature: blob(row, 'revocation') };
    },
    async seen(device, now) {
      sql.run('UPDATE devices SET last_seen = ? WHERE id = ?', now, bytesFromId(device));
    },
    async deleteAccount(account) {
      const id = bytesFromId(account);
      // Packages of others that it took stay with them: reserved ones come back when the reservation ends.
      sql.run(
        'UPDATE key_packages SET reserved_by = NULL, reserved_by_account = NULL WHERE reserved_by_account = ?',
        id,
      );
      for (const deletion of DELETIONS) sql.run(deletion, id);
      sql.run('DELETE FROM devices WHERE account = ?', id);
      sql.run('DELETE FROM accounts WHERE id = ?', id);
    },
    async insertDeleted(accountHash) {
      sql.run('INSERT INTO deleted_accounts (account_hash) VALUES (?) ON CONFLICT DO NOTHING', accountHash);
    },
    async isDeleted(accountHash) {
      return sql.one('SELECT 1 AS found FROM deleted_accounts WHERE account_hash = ?', accountHash) !== undefined;
    },
  };
}
