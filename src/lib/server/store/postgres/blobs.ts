import { bytesFromId, idFromBytes, type AccountId } from '../../../core/ids.ts';
import type { BlobTables } from '../blobTables.ts';
import { blob, flag, integer, type RowLock, type Statements } from './statements.ts';

/** A blob that is found in a write is held: nobody marks it as gone before the transaction ends. */
export function createBlobTables(sql: Statements, lock: RowLock): BlobTables {
  return {
    async findBlob(id) {
      const row = await sql.one(`SELECT * FROM blobs WHERE id = $1 ${lock}`, bytesFromId(id));
      if (row === undefined) return undefined;
      return {
        id,
        owner: idFromBytes<AccountId>(blob(row, 'owner')),
        size: integer(row, 'size'),
        sha256: blob(row, 'sha256'),
        received: integer(row, 'received'),
        hashState: row['hash_state'] === null ? undefined : blob(row, 'hash_state'),
        isGone: flag(row, 'gone'),
      };
    },
    async insertBlob({ id, owner, size, sha256 }, now) {
      await sql.run(
        'INSERT INTO blobs (id, owner, size, sha256, touched_at) VALUES ($1, $2, $3, $4, $5)',
        bytesFromId(id),
        bytesFromId(owner),
        size,
        sha256,
        now,
      );
    },
    async advanceBlob(id, from, { received, hashState }, now) {
      const advanced = await sql.run(
        `UPDATE blobs SET received = $1, hash_state = $2, touched_at = $3 WHERE id = $4 AND received = $5 AND NOT gone`,
        received,
        hashState ?? null,
        now,
        bytesFromId(id),
        from,
      );
      return advanced === 1;
    },
    async holdBlob(id, account, expiresAt) {
      await sql.run(
        `INSERT INTO blob_holds (blob, account, size, expires_at) SELECT id, $1, size, $2 FROM blobs WHERE id = $3
         ON CONFLICT (blob, account)
           DO UPDATE SET expires_at = greatest(blob_holds.expires_at, excluded.expires_at)`,
        bytesFromId(account),
        expiresAt,
        bytesFromId(id),
      );
    },
    async holdsBlob(id, account) {
      const row = await sql.one(
        'SELECT 1 FROM blob_holds WHERE blob = $1 AND account = $2',
        bytesFromId(id),
        bytesFromId(account),
      );
      return row !== undefined;
    },
    async releaseBlob(id, account) {
      await sql.run('DELETE FROM blob_holds WHERE blob = $1 AND account = $2', bytesFromId(id), bytesFromId(account));
    },
    async forgetBlobsOf(account) {
      await sql.run('DELETE FROM blob_holds WHERE account = $1', bytesFromId(account));
      await sql.run(`UPDATE blobs SET owner = decode(repeat('00', 32), 'hex') WHERE owner = $1`, bytesFromId(account));
    },
    async bytesHeldBy(account) {
      const row = await sql.one(
        'SELECT coalesce(sum(size), 0)::bigint AS held FROM blob_holds WHERE account = $1',
        bytesFromId(account),
      );
      return row === undefined ? 0 : integer(row, 'held');
    },
    async markGone(id) {
      await sql.run('UPDATE blobs SET gone = true WHERE id = $1', bytesFromId(id));
    },
    async markEndedBlobs(now, uploadsSince) {
      await sql.run('DELETE FROM blob_holds WHERE expires_at <= $1', now);
      const ended = `NOT gone AND (NOT EXISTS (SELECT 1 FROM blob_holds WHERE blob = blobs.id)
        OR (received < size AND touched_at <= $1))`;
      // Held first, then judged anew: somebody may have taken hold of one meanwhile.
      await sql.run(`SELECT id FROM blobs WHERE ${ended} ORDER BY id FOR NO KEY UPDATE`, uploadsSince);
      await sql.run(`UPDATE blobs SET gone = true WHERE ${ended}`, uploadsSince);
    },
    async goneBlobs(most) {
      const rows = await sql.all('SELECT id, size FROM blobs WHERE gone LIMIT $1', most);
      return rows.map((row) => ({ id: idFromBytes<string>(blob(row, 'id')), size: integer(row, 'size') }));
    },
    async deleteBlob(id) {
      await sql.run('DELETE FROM blobs WHERE id = $1 AND gone', bytesFromId(id));
    },
  };
}
