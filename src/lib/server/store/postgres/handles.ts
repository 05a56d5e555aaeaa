import { bytesFromId, idFromBytes, type AccountId } from '../../../core/ids.ts';
import type { HandleTables, InvitationTables } from '../handleTables.ts';
import { blob, optionalInteger, text, type RowLock, type Statements } from './statements.ts';

export function createHandleTables(sql: Statements, lock: RowLock): HandleTables {
  return {
    async findHandle(skeleton) {
      const row = await sql.one(`SELECT handle, account, free_at FROM handles WHERE skeleton = $1 ${lock}`, skeleton);
      if (row === undefined) return undefined;
      return {
        handle: text(row, 'handle'),
        account: row['account'] === null ? undefined : idFromBytes<AccountId>(blob(row, 'account')),
        freeAt: optionalInteger(row, 'free_at'),
      };
    },
    async takeHandle(skeleton, handle, account, now) {
      const taken = await sql.run(
        `INSERT INTO handles (skeleton, handle, account, free_at) VALUES ($1, $2, $3, NULL)
         ON CONFLICT (skeleton) DO UPDATE SET handle = excluded.handle, account = excluded.account, free_at = NULL
           WHERE handles.account = excluded.account OR handles.free_at <= $4`,
        skeleton,
        handle,
        bytesFromId(account),
        now,
      );
      return taken === 1;
    },
    async releaseHandle(account, freeAt) {
      await sql.run(
        'UPDATE handles SET free_at = $1 WHERE account = $2 AND free_at IS NULL',
        freeAt,
        bytesFromId(account),
      );
    },
    async forgetHandlesOf(account) {
      await sql.run(
        'UPDATE handles SET account = NULL WHERE account = $1 AND free_at IS NOT NULL',
        bytesFromId(account),
      );
    },
  };
}

export function createInvitationTables(sql: Statements): InvitationTables {
  return {
    async insertInvitation(codeHash, expiresAt) {
      await sql.run('INSERT INTO invitations (code_hash, expires_at) VALUES ($1, $2)', codeHash, expiresAt);
    },
    async useInvitation(codeHash, now) {
      return (await sql.run('DELETE FROM invitations WHERE code_hash = $1 AND expires_at > $2', codeHash, now)) === 1;
    },
    async sweepInvitations(now) {
      await sql.run('DELETE FROM invitations WHERE expires_at <= $1', now);
    },
  };
}
