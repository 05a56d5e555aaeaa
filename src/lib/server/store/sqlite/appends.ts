import { bytesFromId, idFromBytes, type DeviceId, type StreamId } from '../../../core/ids.ts';
import { recordKey, type AppendTables } from '../appendTables.ts';
import type { StreamTables } from '../port.ts';
import type { StreamRow, TakenEntry } from '../streamRows.ts';
import { blob, integer, type Statements } from './statements.ts';
import { kindOf } from './streams.ts';

const INSERT = `INSERT INTO stream_entries (stream, seq, kind, id, epoch, sender, at, size, payload)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const TAKEN = 'SELECT seq, kind, sender FROM stream_entries WHERE stream = ? AND id = ?';

/** A statement costs a call here and no journey: what stands for many is a loop over one. */
export function createAppendTables(sql: Statements, streams: StreamTables): AppendTables {
  return {
    // One writer at a time: nobody else holds any.
    async lockFree(ids) {
      const rows = new Map<StreamId, StreamRow>();
      for (const stream of ids) {
        const row = await streams.lockStream(stream);
        if (row !== undefined) rows.set(stream, row);
      }
      return rows;
    },
    findStays: (pairs) => Promise.all(pairs.map(({ stream, device }) => streams.findMember(stream, device))),
    async findTaken(records) {
      const found = new Map<string, TakenEntry>();
      for (const record of records) {
        const row = sql.one(TAKEN, bytesFromId(record.stream), bytesFromId(record.id));
        if (row === undefined) continue;
        const sender = idFromBytes<DeviceId>(blob(row, 'sender'));
        found.set(recordKey(record), { seq: integer(row, 'seq'), kind: kindOf(row), sender });
      }
      return found;
    },
    async insertAll(rows, moves) {
      for (const { stream, seq, kind, id, epoch, sender, at, payload } of rows) {
        const [of, by] = [bytesFromId(stream), bytesFromId(sender)];
        sql.run(INSERT, of, seq, kind, bytesFromId(id), epoch, by, at, payload.length, payload);
      }
      for (const { stream, by } of moves) {
        sql.run('UPDATE streams SET head = head + ? WHERE id = ?', by, bytesFromId(stream));
      }
    },
  };
}
