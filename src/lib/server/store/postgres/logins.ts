import { bytesFromId, idFromBytes, type AccountId, type DeviceId } from '../../../core/ids.ts';
import type { LoginTables } from '../port.ts';
import { blob, integer, text, type Statements } from './statements.ts';

export function createLoginTables(sql: Statements): LoginTables {
  return {
    async insertChallenge(hash, device, expiresAt) {
      await sql.run('INSERT INTO login_challenges VALUES ($1, $2, $3)', hash, bytesFromId(device), expiresAt);
    },
    async countChallenges(device, now) {
      const row = await sql.one(
        'SELECT count(*) AS waiting FROM login_challenges WHERE device = $1 AND expires_at > $2',
        bytesFromId(device),
        now,
      );
      return row === undefined ? 0 : integer(row, 'waiting');
    },
    async takeChallenge(hash, device) {
      const row = await sql.one(
        'DELETE FROM login_challenges WHERE hash = $1 AND device = $2 RETURNING expires_at',
        hash,
        bytesFromId(device),
      );
      return row === undefined ? undefined : integer(row, 'expires_at');
    },
    async insertSession(tokenHash, device, expiresAt, now) {
      await sql.run(
        `INSERT INTO sessions (token_hash, device, expires_at, last_activity, created_at)
         VALUES ($1, $2, $3, $4, $4)`,
        tokenHash,
        bytesFromId(device),
        expiresAt,
        now,
      );
      await sql.run('UPDATE devices SET last_seen = $1 WHERE id = $2', now, bytesFromId(device));
    },
    async findSession(tokenHash) {
      const row = await sql.one(
        `SELECT s.device, s.expires_at, d.account, d.status
         FROM sessions s JOIN devices d ON d.id = s.device WHERE s.token_hash = $1`,
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
      const rotated = await sql.run(
        `UPDATE sessions SET token_hash = $1, expires_at = $2, last_activity = $3
         WHERE token_hash = $4 AND expires_at > $3`,
        next.tokenHash,
        next.expiresAt,
        now,
        tokenHash,
      );
      return rotated === 1;
    },
    async deleteSessionsOf(device) {
      await sql.run('DELETE FROM sessions WHERE device = $1', bytesFromId(device));
    },
    async sessionsOf(account, now) {
      const rows = await sql.all(
        `SELECT s.token_hash, s.device, s.created_at, s.last_activity, s.expires_at
         FROM sessions s JOIN devices d ON d.id = s.device
         WHERE d.account = $1 AND s.expires_at > $2 ORDER BY s.created_at DESC, s.token_hash`,
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
      const row = await sql.one(
        `DELETE FROM sessions
         WHERE token_hash = $1 AND device IN (SELECT id FROM devices WHERE account = $2) RETURNING device`,
        tokenHash,
        bytesFromId(account),
      );
      return row === undefined ? undefined : idFromBytes<DeviceId>(blob(row, 'device'));
    },
    async sweepLogins(now) {
      await sql.run('DELETE FROM login_challenges WHERE expires_at <= $1', now);
      await sql.run('DELETE FROM sessions WHERE expires_at <= $1', now);
    },
  };
}
