import { bytesFromId, idFromBytes, type AccountId } from '../../../core/ids.ts';
import type { BlobTables } from '../blobTables.ts';
import { blob, integer, type Statements } from './statements.ts';

export function createBlobTables(sql: Statements): BlobTables {
  return {
    async findBlob(id) {
      const row = sql.one('SELECT * FROM blobs WHERE id = ?', bytesFromId(id));
      if (row === undefined) return undefined;
      return {
        id,
        owner: idFromBytes<AccountId>(blob(row, 'owner')),
        size: integer(row, 'size'),
        sha256: blob(row, 'sha256'),
        received: integer(row, 'received'),
        hashState: row['hash_state'] === null ? undefined : blob(row, 'hash_state'),
        isGone: integer(row, 'gone') === 1,
      };
    },
    async insertBlob({ id, owner, size, sha256 }, now) {
      sql.run(
        'INSERT INTO blobs (id, owner, size, sha256, touched_at) VALUES (?, ?, ?, ?, ?)',
        bytesFromId(id),
        bytesFromId(owner),
        size,
        sha256,
        now,
      );
    },
    async advanceBlob(id, from, { received, hashState }, now) {
      return (
        sql.run(
          `UPDATE blobs SET received = ?, hash_state = ?, touched_at = ? WHERE id = ? AND received = ? AND gone = 0`,
          received,
          hashState ?? null,
          now,
          bytesFromId(id),
          from,
        ) === 1
      );
    },
    async holdBlob(id, account, expiresAt) {
      sql.run(
        `INSERT INTO blob_holds (blob, account, size, expires_at) SELECT id, ?, size, ? FROM blobs WHERE id = ?
         ON CONFLICT (blob, account) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`,
        bytesFromId(account),
        expiresAt,
        bytesFromId(id),
      );
    },
    async holdsBlob(id, account) {
      const row = sql.one(
        'SELECT 1 FROM blob_holds WHERE blob = ? AND account = ?',
        bytesFromId(id),
        bytesFromId(account),
      );
      return row !== undefined;
    },
    async releaseBlob(id, account) {
      sql.run('DELETE FROM blob_holds WHERE blob = ? AND account = ?', bytesFromId(id), bytesFromId(account));
    },
    async forgetBlobsOf(account) {
      sql.run('DELETE FROM blob_holds WHERE account = ?', bytesFromId(account));
      sql.run('UPDATE blobs SET owner = zeroblob(32) WHERE owner = ?', bytesFromId(account));
    },
    async bytesHeldBy(account) {
      const row = sql.one(
        'SELECT coalesce(sum(size), 0) AS held FROM blob_holds WHERE account = ?',
        bytesFromId(account),
      );
      return row === undefined ? 0 : integer(row, 'held');
    },
    async markGone(id) {
      sql.run('UPDATE blobs SET gone = 1 WHERE id = ?', bytesFromId(id));
    },
    async markEndedBlobs(now, uploadsSince) {
      sql.run('DELETE FROM blob_holds WHERE expires_at <= ?', now);
      sql.run(
        `UPDATE blobs SET gone = 1
         WHERE gone = 0 AND (NOT EXISTS (SELECT 1 FROM blob_holds WHERE blob = blobs.id)
           OR (received < size AND touched_at <= ?))`,
        uploadsSince,
      );
    },
    async goneBlobs(most) {
      return sql
        .all('SELECT id, size FROM blobs WHERE gone = 1 LIMIT ?', most)
        .map((row) => ({ id: idFromBytes<string>(blob(row, 'id')), size: integer(row, 'size') }));
    },
    async deleteBlob(id) {
      sql.run('DELETE FROM blobs WHERE id = ? AND gone = 1', bytesFromId(id));
    },
  };
}
