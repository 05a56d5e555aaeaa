import { bytesFromId, idFromBytes, type DeviceId, type StreamId } from '../../../core/ids.ts';
import { entryKinds, type EntryKind } from '../../../protocol/requests.ts';
import type { StreamTables } from '../port.ts';
import type { MemberRow, StreamRow } from '../streamRows.ts';
import {
  blob,
  byteArrays,
  integer,
  optionalInteger,
  plainArray,
  text,
  type Row,
  type RowLock,
  type Statements,
} from './statements.ts';

export function createStreamTables(sql: Statements, lock: RowLock): StreamTables {
  return {
    async lockStream(stream) {
      const row = await sql.one(
        `SELECT kind, head, epoch, fence FROM streams WHERE id = $1 ${lock}`,
        bytesFromId(stream),
      );
      return row === undefined ? undefined : streamFromRow(row);
    },
    async insertStream(stream, { kind, head, epoch, fence }, now) {
      await sql.run(
        'INSERT INTO streams (id, kind, head, epoch, fence, created_at) VALUES ($1, $2, $3, $4, $5, $6)',
        bytesFromId(stream),
        kind,
        head,
        epoch,
        fence,
        now,
      );
    },
    async moveHead(stream, by) {
      const row = await sql.one(
        'UPDATE streams SET head = head + $1 WHERE id = $2 RETURNING head',
        by,
        bytesFromId(stream),
      );
      if (row === undefined) throw new TypeError('no such stream');
      return integer(row, 'head');
    },
    async endEpoch(stream, from, fence) {
      const row = await sql.one(
        `UPDATE streams SET head = head + 1, epoch = epoch + 1, fence = CASE WHEN $1 THEN epoch + 1 ELSE fence END
         WHERE id = $2 AND epoch = $3 RETURNING head`,
        fence,
        bytesFromId(stream),
        from,
      );
      return row === undefined ? undefined : integer(row, 'head');
    },
    async insertEntries(stream, rows) {
      await sql.run(
        `INSERT INTO stream_entries (stream, seq, kind, id, epoch, sender, at, size, payload)
         SELECT $1, seq, kind, id, epoch, sender, at, length(payload), payload
         FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bigint[], $8::bytea[])
           AS entry (seq, kind, id, epoch, sender, at, payload)`,
        bytesFromId(stream),
        plainArray(rows.map(({ seq }) => seq)),
        plainArray(rows.map(({ kind }) => kind)),
        byteArrays(rows.map(({ id }) => bytesFromId(id))),
        plainArray(rows.map(({ epoch }) => epoch)),
        byteArrays(rows.map(({ sender }) => bytesFromId(sender))),
        plainArray(rows.map(({ at }) => at)),
        byteArrays(rows.map(({ payload }) => payload)),
      );
    },
    async replaceInfo(stream, info) {
      if (info === undefined) await sql.run('DELETE FROM group_infos WHERE stream = $1', bytesFromId(stream));
      else {
        await sql.run(
          `INSERT INTO group_infos (stream, payload) VALUES ($1, $2)
           ON CONFLICT (stream) DO UPDATE SET payload = excluded.payload`,
          bytesFromId(stream),
          info,
        );
      }
    },
    async findInfo(stream) {
      const row = await sql.one('SELECT payload FROM group_infos WHERE stream = $1', bytesFromId(stream));
      return row === undefined ? undefined : blob(row, 'payload');
    },
    async replaceDoor(stream, door) {
      if (door === undefined) await sql.run('DELETE FROM group_doors WHERE stream = $1', bytesFromId(stream));
      else {
        await sql.run(
          `INSERT INTO group_doors (stream, token, box) VALUES ($1, $2, $3)
           ON CONFLICT (stream) DO UPDATE SET token = excluded.token, box = excluded.box`,
          bytesFromId(stream),
          door.token,
          door.box,
        );
      }
    },
    async findDoor(stream) {
      const row = await sql.one('SELECT token, box FROM group_doors WHERE stream = $1', bytesFromId(stream));
      return row === undefined ? undefined : { token: blob(row, 'token'), box: blob(row, 'box') };
    },
    async findEntries(stream, ids) {
      const rows = await sql.all(
        'SELECT id, seq, kind, sender FROM stream_entries WHERE stream = $1 AND id = ANY($2::bytea[])',
        bytesFromId(stream),
        byteArrays(ids.map(bytesFromId)),
      );
      return new Map(
        rows.map((row) => [
          idFromBytes<string>(blob(row, 'id')),
          { seq: integer(row, 'seq'), kind: kindOf(row), sender: idFromBytes<DeviceId>(blob(row, 'sender')) },
        ]),
      );
    },
    async findMember(stream, device) {
      const row = await sql.one(
        `SELECT device, since, until FROM stream_members WHERE stream = $1 AND device = $2
         ORDER BY since DESC LIMIT 1`,
        bytesFromId(stream),
        bytesFromId(device),
      );
      return row === undefined ? undefined : memberFromRow(row);
    },
    async readersOf(stream, after) {
      const rows = await sql.all(
        'SELECT device, since, until FROM stream_members WHERE stream = $1 AND (until IS NULL OR until > $2)',
        bytesFromId(stream),
        after,
      );
      return rows.map(memberFromRow);
    },
    async openMembers(stream, devices, since) {
      if (devices.length === 0) return;
      await sql.run(
        'INSERT INTO stream_members (stream, device, since) SELECT $1, device, $2 FROM unnest($3::bytea[]) AS device',
        bytesFromId(stream),
        since,
        byteArrays(devices.map(bytesFromId)),
      );
    },
    async closeMembers(stream, devices, until) {
      if (devices.length === 0) return;
      await sql.run(
        'UPDATE stream_members SET until = $1 WHERE stream = $2 AND device = ANY($3::bytea[]) AND until IS NULL',
        until,
        bytesFromId(stream),
        byteArrays(devices.map(bytesFromId)),
      );
    },
    async readableStreams(device) {
      const rows = await sql.all(
        `SELECT m.stream, m.since, coalesce(m.until, s.head) AS last, s.trimmed, m.passed
         FROM stream_members m JOIN streams s ON s.id = m.stream
         WHERE m.device = $1 AND coalesce(m.until, s.head) > m.since
         ORDER BY m.stream, m.since`,
        bytesFromId(device),
      );
      return rows.map((row) => ({
        stream: idFromBytes<StreamId>(blob(row, 'stream')),
        since: integer(row, 'since'),
        last: integer(row, 'last'),
        trimmed: integer(row, 'trimmed'),
        passed: integer(row, 'passed'),
      }));
    },
    // Summed up over the sizes, so that no payload is read that is not answered.
    async entriesBetween(stream, { after, last }, most) {
      const rows = await sql.all(
        `SELECT seq, kind, id, epoch, sender, at, payload FROM (
           SELECT *, sum(size) OVER (ORDER BY seq) AS total FROM (
             SELECT * FROM stream_entries WHERE stream = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4) AS page
         ) AS summed
         WHERE total <= $5 OR (total = size AND total <= $6) ORDER BY seq`,
        bytesFromId(stream),
        after,
        last,
        most.entries,
        most.bytes,
        most.firstBytes,
      );
      return rows.map((row) => ({
        seq: integer(row, 'seq'),
        kind: kindOf(row),
        id: idFromBytes<string>(blob(row, 'id')),
        epoch: integer(row, 'epoch'),
        sender: idFromBytes<DeviceId>(blob(row, 'sender')),
        at: integer(row, 'at'),
        payload: blob(row, 'payload'),
      }));
    },
  };
}

export const streamFromRow = (row: Row): StreamRow => ({
  kind: text(row, 'kind') === 'mailbox' ? 'mailbox' : 'group',
  head: integer(row, 'head'),
  epoch: integer(row, 'epoch'),
  fence: integer(row, 'fence'),
});

export const memberFromRow = (row: Row): MemberRow => ({
  device: idFromBytes<DeviceId>(blob(row, 'device')),
  since: integer(row, 'since'),
  until: optionalInteger(row, 'until'),
});

export function kindOf(row: Row): EntryKind {
  const kind = entryKinds.find((known) => known === row['kind']);
  if (kind === undefined) throw new TypeError('unknown kind of entry');
  return kind;
}
