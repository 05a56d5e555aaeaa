import { bytesFromId, idFromBytes, type StreamId } from '../../../core/ids.ts';
import { passedByAll, type RetentionTables } from '../retentionTables.ts';
import { blob, byteArrays, integer, optionalInteger, plainArray, type Statements } from './statements.ts';

const PASSED_BY_ALL = passedByAll('$1');

export function createRetentionTables(sql: Statements): RetentionTables {
  return {
    // Logs are dense: the oldest entry is the one behind what was trimmed.
    async dueStreams(after, before, most) {
      const rows = await sql.all(
        `SELECT s.id, e.at FROM (SELECT id, trimmed FROM streams WHERE id > $1 ORDER BY id LIMIT $2) s
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
      await sql.run(
        `UPDATE stream_members m SET passed = read.seq
         FROM unnest($2::bytea[], $3::bigint[]) AS read (device, seq)
         WHERE m.stream = $1 AND m.device = read.device AND m.passed < read.seq`,
        bytesFromId(stream),
        byteArrays([...passed.keys()].map(bytesFromId)),
        plainArray([...passed.values()]),
      );
    },
    async passedByAll(stream) {
      const row = await sql.one(PASSED_BY_ALL, bytesFromId(stream));
      return row === undefined ? undefined : optionalInteger(row, 'place');
    },
    async oldestEntries(stream, most) {
      const rows = await sql.all(
        'SELECT seq, at, size FROM stream_entries WHERE stream = $1 ORDER BY seq LIMIT $2',
        bytesFromId(stream),
        most,
      );
      return rows.map((row) => ({ seq: integer(row, 'seq'), at: integer(row, 'at'), size: integer(row, 'size') }));
    },
    async trim(stream, through) {
      await sql.run('DELETE FROM stream_entries WHERE stream = $1 AND seq <= $2', bytesFromId(stream), through);
      await sql.run('UPDATE streams SET trimmed = $2 WHERE id = $1 AND trimmed < $2', bytesFromId(stream), through);
    },
  };
}
