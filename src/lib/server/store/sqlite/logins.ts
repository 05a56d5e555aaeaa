import { bytesFromId, idFromBytes, type AccountId, type DeviceId } from '../../../core/ids.ts';
import type { LoginTables } from '../port.ts';
import { blob, integer, text, type Statements } from './statements.ts';

export function createLoginTables(sql: Statements): LoginTables {
  return {
    async insertChallenge(hash, device, expiresAt) {
      sql.run('INSERT INTO login_challenges VALUES (?, ?, ?)', hash, bytesFromId(device), expiresAt);
    },
    async countChallenges(device, now) {
      const row = sql.one(
        'SELECT count(*) AS waiting FROM login_challenges WHERE device = ? AND expires_at > ?',
        bytesFromId(device),
        now,
      );
      return row === undefined ? 0 : integer(row, 'waiting');
    },
    async takeChallenge(hash, device) {
      const row = sql.one(
        'DELETE FROM login_challenges WHERE hash = ? AND device = ? RETURNING expires_at',
        hash,
        bytesFromId(device),
      );
      return row === undefined ? undefined : integer(row, 'expires_at');
    },
    async insertSession(tokenHash, device, expiresAt, now) {
      sql.run(
        'INSERT INTO sessions (token_hash, device, expires_at, last_activity, created_at) VALUES (?, ?, ?, ?, ?)',
        tokenHash,
        bytesFromId(device),
        expiresAt,
        now,
        now,
      );
      sql.run('UPDATE devices SET last_seen = ? WHERE id = ?', now, bytesFromId(device));
    },
    async findSession(tokenHash) {
      const row = sql.one(
        `SELECT s.device, s.expires_at, d.account, d.status
         FROM sessions s JOIN devices d ON d.id = s.device WHERE s.token_hash = ?`,
        tokenHash,
      );
      if (row === undefined) return undefined;
      return {
        device: idFromBytes<DeviceId>(blob(row, 'device')),
        account: idFromBytes<AccountId>(blob(row, 'account')),
        expiresAt: integer(row, 'expires_at'),
        status: text(row, 'status') === 'active' ? 'active' : 'revoked',
      };
    },
    async rotateSession(tokenHash, next, now) {
      const rotated = sql.run(
        'UPDATE sessions SET token_hash = ?, expires_at = ?, last_activity = ? WHERE token_hash = ? AND expires_at > ?',
        next.tokenHash,
        next.expiresAt,
        now,
        tokenHash,
        now,
      );
      return rotated === 1;
    },
    async deleteSessionsOf(device) {
      sql.run('DELETE FROM sessions WHERE device = ?', bytesFromId(device));
    },
    async sessionsOf(account, now) {
      const rows = sql.all(
        `SELECT s.token_hash, s.device, s.created_at, s.last_activity, s.expires_at
         FROM sessions s JOIN devices d ON d.id = s.device
         WHERE d.account = ? AND s.expires_at > ? ORDER BY s.created_at DESC, s.token_hash`,
        bytesFromId(account),
        now,
      );
      return rows.map((row) => ({
        tokenHash: blob(row, 'token_hash'),
        device: idFromBytes<DeviceId>(blob(row, 'device')),
        createdAt: integer(row, 'created_at'),
        lastActivity: integer(row, 'last_activity'),
        expiresAt: integer(row, 'expires_at'),
      }));
    },
    async deleteSession(tokenHash, account) {
      const row = sql.one(
        `DELETE FROM sessions
         WHERE token_hash = ? AND device IN (SELECT id FROM devices WHERE account = ?) RETURNING device`,
        tokenHash,
        bytesFromId(account),
      );
      return row === undefined ? undefined : idFromBytes<DeviceId>(blob(row, 'device'));
    },
    async sweepLogins(now) {
      sql.run('DELETE FROM login_challenges WHERE expires_at <= ?', now);
      sql.run('DELETE FROM sessions WHERE expires_at <= ?', now);
    },
  };
}
