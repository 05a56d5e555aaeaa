import { bytesFromId, idFromBytes, type DeviceId, type StreamId } from '../../../core/ids.ts';
import { recordKey, type AppendTables } from '../appendTables.ts';
import type { MemberRow } from '../streamRows.ts';
import { blob, byteArrays, integer, plainArray, type Statements } from './statements.ts';
import { kindOf, memberFromRow, streamFromRow } from './streams.ts';

/** One statement for all that is asked, however many streams it is about. */
export function createAppendTables(sql: Statements): AppendTables {
  return {
    async lockFree(streams) {
      const rows = await sql.all(
        `SELECT id, kind, head, epoch, fence FROM streams WHERE id = ANY($1::bytea[]) FOR NO KEY UPDATE SKIP LOCKED`,
        byteArrays(streams.map(bytesFromId)),
      );
      return new Map(rows.map((row) => [idFromBytes<StreamId>(blob(row, 'id')), streamFromRow(row)]));
    },
    async findStays(pairs) {
      const rows = await sql.all(
        `SELECT nr, device, since, until
         FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS asked (of_stream, of_device, nr),
         LATERAL (SELECT device, since, until FROM stream_members
                  WHERE stream = of_stream AND device = of_device ORDER BY since DESC LIMIT 1) AS stay`,
        byteArrays(pairs.map(({ stream }) => bytesFromId(stream))),
        byteArrays(pairs.map(({ device }) => bytesFromId(device))),
      );
      const stays = new Map<number, MemberRow>(rows.map((row) => [integer(row, 'nr'), memberFromRow(row)]));
      return pairs.map((_, i) => stays.get(i + 1));
    },
    async findTaken(records) {
      const rows = await sql.all(
        `SELECT stream, id, seq, kind, sender FROM unnest($1::bytea[], $2::bytea[]) AS asked (of_stream, of_id)
         JOIN stream_entries ON stream = of_stream AND id = of_id`,
        byteArrays(records.map(({ stream }) => bytesFromId(stream))),
        byteArrays(records.map(({ id }) => bytesFromId(id))),
      );
      return new Map(
        rows.map((row) => [
          recordKey({ stream: idFromBytes<StreamId>(blob(row, 'stream')), id: idFromBytes<string>(blob(row, 'id')) }),
          { seq: integer(row, 'seq'), kind: kindOf(row), sender: idFromBytes<DeviceId>(blob(row, 'sender')) },
        ]),
      );
    },
    async insertAll(rows, moves) {
      await Promise.all([
        sql.run(
          `INSERT INTO stream_entries (stream, seq, kind, id, epoch, sender, at, size, payload)
           SELECT stream, seq, kind, id, epoch, sender, at, length(payload), payload
           FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bigint[],
                       $8::bytea[])
             AS entry (stream, seq, kind, id, epoch, sender, at, payload)`,
          byteArrays(rows.map(({ stream }) => bytesFromId(stream))),
          plainArray(rows.map(({ seq }) => seq)),
          plainArray(rows.map(({ kind }) => kind)),
          byteArrays(rows.map(({ id }) => bytesFromId(id))),
          plainArray(rows.map(({ epoch }) => epoch)),
          byteArrays(rows.map(({ sender }) => bytesFromId(sender))),
          plainArray(rows.map(({ at }) => at)),
          byteArrays(rows.map(({ payload }) => payload)),
        ),
        sql.run(
          `UPDATE streams SET head = head + by FROM unnest($1::bytea[], $2::bigint[]) AS moved (of_stream, by)
           WHERE id = of_stream`,
          byteArrays(moves.map(({ stream }) => bytesFromId(stream))),
          plainArray(moves.map(({ by }) => by)),
        ),
      ]);
    },
  };
}
