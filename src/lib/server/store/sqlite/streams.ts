import { bytesFromId, idFromBytes, type DeviceId, type StreamId } from '../../../core/ids.ts';
import { entryKinds, type EntryKind } from '../../../protocol/requests.ts';
import type { StreamTables } from '../port.ts';
import type { EntryRow, MemberRow, TakenEntry } from '../streamRows.ts';
import { blob, integer, optionalInteger, text, type Row, type Statements } from './statements.ts';

export function createStreamTables(sql: Statements): StreamTables {
  return {
    // One writer at a time: the transaction itself holds the row.
    async lockStream(stream) {
      const row = sql.one('SELECT kind, head, epoch, fence FROM streams WHERE id = ?', bytesFromId(stream));
      if (row === undefined) return undefined;
      return {
        kind: text(row, 'kind') === 'mailbox' ? 'mailbox' : 'group',
        head: integer(row, 'head'),
        epoch: integer(row, 'epoch'),
        fence: integer(row, 'fence'),
      };
    },
    async insertStream(stream, { kind, head, epoch, fence }, now) {
      sql.run(
        'INSERT INTO streams (id, kind, head, epoch, fence, created_at) VALUES (?, ?, ?, ?, ?, ?)',
        bytesFromId(stream),
        kind,
        head,
        epoch,
        fence,
        now,
      );
    },
    async moveHead(stream, by) {
      const row = sql.one('UPDATE streams SET head = head + ? WHERE id = ? RETURNING head', by, bytesFromId(stream));
      if (row === undefined) throw new TypeError('no such stream');
      return integer(row, 'head');
    },
    async endEpoch(stream, from, fence) {
      const row = sql.one(
        `UPDATE streams SET head = head + 1, epoch = epoch + 1, fence = CASE ? WHEN 1 THEN epoch + 1 ELSE fence END
         WHERE id = ? AND epoch = ? RETURNING head`,
        fence ? 1 : 0,
        bytesFromId(stream),
        from,
      );
      return row === undefined ? undefined : integer(row, 'head');
    },
    async insertEntries(stream, rows) {
      for (const row of rows) {
        sql.run(
          `INSERT INTO stream_entries (stream, seq, kind, id, epoch, sender, at, size, payload)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          bytesFromId(stream),
          row.seq,
          row.kind,
          bytesFromId(row.id),
          row.epoch,
          bytesFromId(row.sender),
          row.at,
          row.payload.length,
          row.payload,
        );
      }
    },
    async replaceInfo(stream, info) {
      if (info === undefined) sql.run('DELETE FROM group_infos WHERE stream = ?', bytesFromId(stream));
      else sql.run('INSERT OR REPLACE INTO group_infos (stream, payload) VALUES (?, ?)', bytesFromId(stream), info);
    },
    async findInfo(stream) {
      const row = sql.one('SELECT payload FROM group_infos WHERE stream = ?', bytesFromId(stream));
      return row === undefined ? undefined : blob(row, 'payload');
    },
    async replaceDoor(stream, door) {
      sql.run('DELETE FROM group_doors WHERE stream = ?', bytesFromId(stream));
      if (door === undefined) return;
      sql.run('INSERT INTO group_doors VALUES (?, ?, ?)', bytesFromId(stream), door.token, door.box);
    },
    async findDoor(stream) {
      const row = sql.one('SELECT token, box FROM group_doors WHERE stream = ?', bytesFromId(stream));
      return row === undefined ? undefined : { token: blob(row, 'token'), box: blob(row, 'box') };
    },
    async findEntries(stream, ids) {
      const found = new Map<string, TakenEntry>();
      for (const id of ids) {
        const row = sql.one(
          'SELECT seq, kind, sender FROM stream_entries WHERE stream = ? AND id = ?',
          bytesFromId(stream),
          bytesFromId(id),
        );
        if (row === undefined) continue;
        const sender = idFromBytes<DeviceId>(blob(row, 'sender'));
        found.set(id, { seq: integer(row, 'seq'), kind: kindOf(row), sender });
      }
      return found;
    },
    async findMember(stream, device) {
      const row = sql.one(
        `SELECT device, since, until FROM stream_members WHERE stream = ? AND device = ?
         ORDER BY since DESC LIMIT 1`,
        bytesFromId(stream),
        bytesFromId(device),
      );
      return row === undefined ? undefined : memberFromRow(row);
    },
    async readersOf(stream, after) {
      return sql
        .all(
          'SELECT device, since, until FROM stream_members WHERE stream = ? AND (until IS NULL OR until > ?)',
          bytesFromId(stream),
          after,
        )
        .map(memberFromRow);
    },
    async openMembers(stream, devices, since) {
      for (const device of devices) {
        sql.run(
          'INSERT INTO stream_members (stream, device, since) VALUES (?, ?, ?)',
          bytesFromId(stream),
          bytesFromId(device),
          since,
        );
      }
    },
    async closeMembers(stream, devices, until) {
      for (const device of devices) {
        sql.run(
          'UPDATE stream_members SET until = ? WHERE stream = ? AND device = ? AND until IS NULL',
          until,
          bytesFromId(stream),
          bytesFromId(device),
        );
      }
    },
    async readableStreams(device) {
      return sql
        .all(
          `SELECT m.stream, m.since, coalesce(m.until, s.head) AS last, s.trimmed, m.passed
           FROM stream_members m JOIN streams s ON s.id = m.stream
           WHERE m.device = ? AND coalesce(m.until, s.head) > m.since
           ORDER BY m.stream, m.since`,
          bytesFromId(device),
        )
        .map((row) => ({
          stream: idFromBytes<StreamId>(blob(row, 'stream')),
          since: integer(row, 'since'),
          last: integer(row, 'last'),
          trimmed: integer(row, 'trimmed'),
          passed: integer(row, 'passed'),
        }));
    },
    async entriesBetween(stream, { after, last }, most) {
      const rows: EntryRow[] = [];
      let bytes = 0;
      for (const row of sql.each(
        `SELECT seq, kind, id, epoch, sender, at, payload FROM stream_entries
         WHERE stream = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
        bytesFromId(stream),
        after,
        last,
        most.entries,
      )) {
        const payload = blob(row, 'payload');
        bytes += payload.length;
        if (bytes > (rows.length === 0 ? Math.max(most.bytes, most.firstBytes) : most.bytes)) break;
        rows.push({
          seq: integer(row, 'seq'),
          kind: kindOf(row),
          id: idFromBytes<string>(blob(row, 'id')),
          epoch: integer(row, 'epoch'),
          sender: idFromBytes<DeviceId>(blob(row, 'sender')),
          at: integer(row, 'at'),
          payload,
        });
      }
      return rows;
    },
  };
}

const memberFromRow = (row: Row): MemberRow => ({
  device: idFromBytes<DeviceId>(blob(row, 'device')),
  since: integer(row, 'since'),
  until: optionalInteger(row, 'until'),
});

export function kindOf(row: Row): EntryKind {
  const kind = entryKinds.find((known) => known === row['kind']);
  if (kind === undefined) throw new TypeError('unknown kind of entry');
  return kind;
}
