import { bytesFromId, idFromBytes, type DeviceId } from '../../../core/ids.ts';
import type { LifeTables } from '../lifeTables.ts';
import { blob, integer, text, type RowLock, type Statements } from './statements.ts';

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
].map((rows) => `DELETE FROM ${rows} IN (SELECT id FROM devices WHERE account = $1)`);

export function createLifeTables(sql: Statements, lock: RowLock): LifeTables {
  return {
    async findAccount(account) {
      const row = await sql.one(
        `SELECT account_key, status, status_at FROM accounts WHERE id = $1 ${lock}`,
        bytesFromId(account),
      );
      if (row === undefined) return undefined;
      return {
        accountKey: blob(row, 'account_key'),
        isActive: text(row, 'status') === 'active',
        statusAt: integer(row, 'status_at'),
      };
    },
    async setStatus(account, isActive, at) {
      await sql.run(
        'UPDATE accounts SET status = $1, status_at = $2 WHERE id = $3',
        isActive ? 'active' : 'deactivated',
        at,
        bytesFromId(account),
      );
    },
    async devicesOf(account) {
      const rows = await sql.all(
        'SELECT * FROM devices WHERE account = $1 ORDER BY created_at, id',
        bytesFromId(account),
      );
      return rows.map((row) => ({
        device: idFromBytes<DeviceId>(blob(row, 'id')),
        certificate: blob(row, 'certificate'),
        isRevoked: text(row, 'status') === 'revoked',
        createdAt: integer(row, 'created_at'),
        lastSeen: integer(row, 'last_seen'),
      }));
    },
    async keepRevocation(device, { at, signature }) {
      await sql.run(
        'UPDATE devices SET revoked_at = $1, revocation = $2 WHERE id = $3 AND coalesce(revoked_at, -1) < $1',
        at,
        signature,
        bytesFromId(device),
      );
    },
    async revocationOf(device) {
      const row = await sql.one(
        'SELECT revoked_at, revocation FROM devices WHERE id = $1 AND revocation IS NOT NULL',
        bytesFromId(device),
      );
      return row === undefined ? undefined : { at: integer(row, 'revoked_at'), signature: blob(row, 'revocation') };
    },
    async seen(device, now) {
      await sql.run('UPDATE devices SET last_seen = $1 WHERE id = $2', now, bytesFromId(device));
    },
    async deleteAccount(account) {
      const id = bytesFromId(account);
      // Packages of others that it took stay with them: reserved ones come back when the reservation ends.
      await sql.run(
        'UPDATE key_packages SET reserved_by = NULL, reserved_by_account = NULL WHERE reserved_by_account = $1',
        id,
      );
      for (const deletion of DELETIONS) await sql.run(deletion, id);
      await sql.run('DELETE FROM devices WHERE account = $1', id);
      await sql.run('DELETE FROM accounts WHERE id = $1', id);
    },
    async insertDeleted(accountHash) {
      await sql.run('INSERT INTO deleted_accounts (account_hash) VALUES ($1) ON CONFLICT DO NOTHING', accountHash);
    },
    async isDeleted(accountHash) {
      const row = await sql.one('SELECT 1 AS found FROM deleted_accounts WHERE account_hash = $1', accountHash);
      return row !== undefined;
    },
  };
}
