import { bytesFromId, idFromBytes, type AccountId } from '../../../core/ids.ts';
import type { HandleTables, InvitationTables } from '../handleTables.ts';
import { blob, optionalInteger, text, type Statements } from './statements.ts';

export function createHandleTables(sql: Statements): HandleTables {
  return {
    async findHandle(skeleton) {
      const row = sql.one('SELECT handle, account, free_at FROM handles WHERE skeleton = ?', skeleton);
      if (row === undefined) return undefined;
      return {
        handle: text(row, 'handle'),
        account: row['account'] === null ? undefined : idFromBytes<AccountId>(blob(row, 'account')),
        freeAt: optionalInteger(row, 'free_at'),
      };
    },
    async takeHandle(skeleton, handle, account, now) {
      const taken = sql.run(
        `INSERT INTO handles (skeleton, handle, account, free_at) VALUES (?, ?, ?, NULL)
         ON CONFLICT (skeleton) DO UPDATE SET handle = excluded.handle, account = excluded.account, free_at = NULL
           WHERE handles.account = excluded.account OR handles.free_at <= ?`,
        skeleton,
        handle,
        bytesFromId(account),
        now,
      );
      return taken === 1;
    },
    async releaseHandle(account, freeAt) {
      sql.run('UPDATE handles SET free_at = ? WHERE account = ? AND free_at IS NULL', freeAt, bytesFromId(account));
    },
    async forgetHandlesOf(account) {
      sql.run('UPDATE handles SET account = NULL WHERE account = ? AND free_at IS NOT NULL', bytesFromId(account));
    },
  };
}

export function createInvitationTables(sql: Statements): InvitationTables {
  return {
    async insertInvitation(codeHash, expiresAt) {
      sql.run('INSERT INTO invitations (code_hash, expires_at) VALUES (?, ?)', codeHash, expiresAt);
    },
    async useInvitation(codeHash, now) {
      return sql.run('DELETE FROM invitations WHERE code_hash = ? AND expires_at > ?', codeHash, now) === 1;
    },
    async sweepInvitations(now) {
      sql.run('DELETE FROM invitations WHERE expires_at <= ?', now);
    },
  };
}
