import { bytesFromId } from '../../../core/ids.ts';
import type { RendezvousTables } from '../rendezvousTables.ts';
import { blob, integer, type RowLock, type Statements } from './statements.ts';

export function createRendezvousTables(sql: Statements, lock: RowLock): RendezvousTables {
  return {
    async findRendezvous(id, now) {
      const row = await sql.one(
        `SELECT expires_at FROM rendezvous WHERE id = $1 AND expires_at > $2 ${lock}`,
        bytesFromId(id),
        now,
      );
      return row === undefined ? undefined : { expiresAt: integer(row, 'expires_at') };
    },
    async countRendezvous() {
      const row = await sql.one('SELECT count(*) AS many FROM rendezvous');
      return row === undefined ? 0 : integer(row, 'many');
    },
    async insertRendezvous(id, expiresAt) {
      await sql.run('DELETE FROM rendezvous WHERE id = $1', bytesFromId(id));
      await sql.run(
        'INSERT INTO rendezvous (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        bytesFromId(id),
        expiresAt,
      );
    },
    async extendRendezvous(id, expiresAt) {
      await sql.run(
        'UPDATE rendezvous SET expires_at = greatest(expires_at, $1) WHERE id = $2',
        expiresAt,
        bytesFromId(id),
      );
    },
    async insertBox(id, side, { n, box }) {
      const taken = await sql.run(
        `INSERT INTO rendezvous_boxes (rendezvous, side, n, box)
         SELECT id, $1, $2, $3 FROM rendezvous WHERE id = $4 AND ${gone[side]} <= $2
         ON CONFLICT DO NOTHING`,
        side,
        n,
        box,
        bytesFromId(id),
      );
      return taken === 1;
    },
    async boxBytes(id, side) {
      const row = await sql.one(
        `SELECT coalesce(sum(length(box)), 0)::bigint AS many FROM rendezvous_boxes
         WHERE rendezvous = $1 AND side = $2`,
        bytesFromId(id),
        side,
      );
      return row === undefined ? 0 : integer(row, 'many');
    },
    async boxesFrom(id, side, next, bytes) {
      const rows = await sql.all(
        `SELECT n, box FROM (
           SELECT n, box, sum(length(box)) OVER (ORDER BY n) AS reach, row_number() OVER (ORDER BY n) AS place
           FROM rendezvous_boxes WHERE rendezvous = $1 AND side = $2 AND n >= $3
         ) AS waiting WHERE reach <= $4 OR place = 1 ORDER BY n`,
        bytesFromId(id),
        side,
        next,
        bytes,
      );
      return rows.map((row) => ({ n: integer(row, 'n'), box: blob(row, 'box') }));
    },
    async deleteBoxesBefore(id, side, next) {
      await sql.run(
        'DELETE FROM rendezvous_boxes WHERE rendezvous = $1 AND side = $2 AND n < $3',
        bytesFromId(id),
        side,
        next,
      );
      await sql.run(
        `UPDATE rendezvous SET ${gone[side]} = greatest(${gone[side]}, $1) WHERE id = $2`,
        next,
        bytesFromId(id),
      );
    },
    async sweepRendezvous(now) {
      await sql.run('DELETE FROM rendezvous WHERE expires_at <= $1', now);
    },
  };
}

/** The column that says up to which number a side's boxes were taken away. */
const gone = { new: 'new_gone', old: 'old_gone' } as const;
