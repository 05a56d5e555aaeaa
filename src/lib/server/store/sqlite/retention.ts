import { bytesFromId, idFromBytes, type StreamId } from '../../../core/ids.ts';
import { passedByAll, type RetentionTables } from '../retentionTables.ts';
import { blob, integer, optionalInteger, type Statements } from './statements.ts';

const PASSED_BY_ALL = passedByAll('?');

export function createRetentionTables(sql: Statements): RetentionTables {
  return {
    // Logs are dense: the oldest entry is the one behind what was trimmed.
    async dueStreams(after, before, most) {
      const rows = sql.all(
        `SELECT s.id, e.at FROM (SELECT id, trimmed FROM streams WHERE id > ? ORDER BY id LIMIT ?) s
         LEFT JOIN stream_entries e ON e.stream = s.id AND e.seq = s.trimmed + 1 ORDER BY s.id`,
        after === undefined ? new Uint8Array() : bytesFromId(after),
        most,
      );
      const ids = rows.map((row) => idFromBytes<StreamId>(blob(row, 'id')));
      return {
        due: ids.filter((_, i) => Number(rows[i]?.['at'] ?? Infinity) <= before),
        next: ids.length < most ? undefined : ids.at(-1),
      };
    },
    async keepPassed(stream, passed) {
      for (const [device, seq] of passed) {
        sql.run(
          'UPDATE stream_members SET passed = ? WHERE stream = ? AND device = ? AND passed < ?',
          seq,
          bytesFromId(stream),
          bytesFromId(device),
          seq,
        );
      }
    },
    async passedByAll(stream) {
      const row = sql.one(PASSED_BY_ALL, bytesFromId(stream));
      return row === undefined ? undefined : optionalInteger(row, 'place');
    },
    async oldestEntries(stream, most) {
      return sql
        .all(
          'SELECT seq, at, size FROM stream_entries WHERE stream = ? ORDER BY seq LIMIT ?',
          bytesFromId(stream),
          most,
        )
        .map((row) => ({ seq: integer(row, 'seq'), at: integer(row, 'at'), size: integer(row, 'size') }));
    },
    async trim(stream, through) {
      sql.run('DELETE FROM stream_entries WHERE stream = ? AND seq <= ?', bytesFromId(stream), through);
      sql.run('UPDATE streams SET trimmed = ? WHERE id = ? AND trimmed < ?', through, bytesFromId(stream), through);
    },
  };
}
