import { bytesFromId, idFromBytes, type AccountId, type StreamId } from '../../../core/ids.ts';
import type { DirectoryTables, ListingRow } from '../noticeTables.ts';
import { blob, integer, text, type Row, type Statements } from './statements.ts';

export function createDirectoryTables(sql: Statements): DirectoryTables {
  return {
    async findListing(stream) {
      const row = sql.one('SELECT * FROM group_directory WHERE stream = ?', bytesFromId(stream));
      return row === undefined ? undefined : listingFromRow(row);
    },
    async replaceListing({ stream, name, description, link, account, expiresAt, searched, place }) {
      sql.run(
        `INSERT INTO group_directory (stream, name, description, link, account, expires_at, searched, place)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (stream) DO UPDATE SET name = excluded.name, description = excluded.description,
           link = excluded.link, account = excluded.account, expires_at = excluded.expires_at,
           searched = excluded.searched, place = excluded.place`,
        bytesFromId(stream),
        name,
        description,
        link,
        bytesFromId(account),
        expiresAt,
        searched,
        place,
      );
    },
    async deleteListing(stream) {
      sql.run('DELETE FROM group_directory WHERE stream = ?', bytesFromId(stream));
    },
    async countListings(account) {
      const row = sql.one('SELECT count(*) AS listings FROM group_directory WHERE account = ?', bytesFromId(account));
      return row === undefined ? 0 : integer(row, 'listings');
    },
    async searchListings(words, after, now, most) {
      const contained = words.map(() => 'AND instr(searched, ?) > 0').join(' ');
      return sql
        .all(
          `SELECT * FROM group_directory WHERE place > ? AND expires_at > ? ${contained} ORDER BY place LIMIT ?`,
          after,
          now,
          ...words,
          most,
        )
        .map(listingFromRow);
    },
    async countMemberAccounts(stream) {
      const row = sql.one(
        `SELECT count(DISTINCT d.account) AS members FROM stream_members m JOIN devices d ON d.id = m.device
         WHERE m.stream = ? AND m.until IS NULL`,
        bytesFromId(stream),
      );
      return row === undefined ? 0 : integer(row, 'members');
    },
    async isMemberAccount(stream, account) {
      const row = sql.one(
        `SELECT 1 FROM devices d JOIN stream_members m ON m.device = d.id
         WHERE d.account = ? AND m.stream = ? AND m.until IS NULL LIMIT 1`,
        bytesFromId(account),
        bytesFromId(stream),
      );
      return row !== undefined;
    },
    async sweepListings(now) {
      sql.run('DELETE FROM group_directory WHERE expires_at <= ?', now);
    },
  };
}

const listingFromRow = (row: Row): ListingRow => ({
  stream: idFromBytes<StreamId>(blob(row, 'stream')),
  name: text(row, 'name'),
  description: text(row, 'description'),
  link: blob(row, 'link'),
  account: idFromBytes<AccountId>(blob(row, 'account')),
  expiresAt: integer(row, 'expires_at'),
  searched: text(row, 'searched'),
  place: text(row, 'place'),
});
