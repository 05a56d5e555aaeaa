import { bytesFromId } from '../../../core/ids.ts';
import type { BoxRow, RendezvousTables } from '../rendezvousTables.ts';
import { blob, integer, type Statements } from './statements.ts';

export function createRendezvousTables(sql: Statements): RendezvousTables {
  return {
    async findRendezvous(id, now) {
      const row = sql.one('SELECT expires_at FROM rendezvous WHERE id = ? AND expires_at > ?', bytesFromId(id), now);
      return row === undefined ? undefined : { expiresAt: integer(row, 'expires_at') };
    },
    async countRendezvous() {
      const row = sql.one('SELECT count(*) AS many FROM rendezvous');
      return row === undefined ? 0 : integer(row, 'many');
    },
    async insertRendezvous(id, expiresAt) {
      sql.run('DELETE FROM rendezvous WHERE id = ?', bytesFromId(id));
      sql.run('INSERT INTO rendezvous (id, expires_at) VALUES (?, ?)', bytesFromId(id), expiresAt);
    },
    async extendRendezvous(id, expiresAt) {
      sql.run('UPDATE rendezvous SET expires_at = max(expires_at, ?) WHERE id = ?', expiresAt, bytesFromId(id));
    },
    async insertBox(id, side, { n, box }) {
      const taken = sql.run(
        `INSERT INTO rendezvous_boxes (rendezvous, side, n, box)
         SELECT id, ?, ?, ? FROM rendezvous WHERE id = ? AND ${gone[side]} <= ?
         ON CONFLICT DO NOTHING`,
        side,
        n,
        box,
        bytesFromId(id),
        n,
      );
      return taken === 1;
    },
    async boxBytes(id, side) {
      const row = sql.one(
        'SELECT coalesce(sum(length(box)), 0) AS many FROM rendezvous_boxes WHERE rendezvous = ? AND side = ?',
        bytesFromId(id),
        side,
      );
      return row === undefined ? 0 : integer(row, 'many');
    },
    async boxesFrom(id, side, next, bytes) {
      const rows: BoxRow[] = [];
      let left = bytes;
      const found = sql.each(
        'SELECT n, box FROM rendezvous_boxes WHERE rendezvous = ? AND side = ? AND n >= ? ORDER BY n',
        bytesFromId(id),
        side,
        next,
      );
      for (const row of found) {
        const box = blob(row, 'box');
        left -= box.length;
        if (left < 0 && rows.length > 0) break;
        rows.push({ n: integer(row, 'n'), box });
      }
      return rows;
    },
    async deleteBoxesBefore(id, side, next) {
      sql.run('DELETE FROM rendezvous_boxes WHERE rendezvous = ? AND side = ? AND n < ?', bytesFromId(id), side, next);
      sql.run(`UPDATE rendezvous SET ${gone[side]} = max(${gone[side]}, ?) WHERE id = ?`, next, bytesFromId(id));
    },
    async sweepRendezvous(now) {
      sql.run('DELETE FROM rendezvous WHERE expires_at <= ?', now);
    },
  };
}

/** The column that says up to which number a side's boxes were taken away. */
const gone = { new: 'new_gone', old: 'old_gone' } as const;
