import { bytesFromId, idFromBytes, type AccountId, type StreamId } from '../../../core/ids.ts';
import type { DirectoryTables, ListingRow } from '../noticeTables.ts';
import { blob, integer, text, type Row, type Statements } from './statements.ts';

export function createDirectoryTables(sql: Statements): DirectoryTables {
  return {
    async findListing(stream) {
      const row = await sql.one('SELECT * FROM group_directory WHERE stream = $1', bytesFromId(stream));
      return row === undefined ? undefined : listingFromRow(row);
    },
    async replaceListing({ stream, name, description, link, account, expiresAt, searched, place }) {
      await sql.run(
        `INSERT INTO group_directory (stream, name, description, link, account, expires_at, searched, place)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
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
      await sql.run('DELETE FROM group_directory WHERE stream = $1', bytesFromId(stream));
    },
    async countListings(account) {
      const row = await sql.one(
        'SELECT count(*)::bigint AS listings FROM group_directory WHERE account = $1',
        bytesFromId(account),
      );
      return row === undefined ? 0 : integer(row, 'listings');
    },
    async searchListings(words, after, now, most) {
      const contained = words.map((_, at) => `AND strpos(searched, $${at + 4}) > 0`).join(' ');
      const rows = await sql.all(
        `SELECT * FROM group_directory WHERE place > $1 AND expires_at > $2 ${contained} ORDER BY place LIMIT $3`,
        after,
        now,
        most,
        ...words,
      );
      return rows.map(listingFromRow);
    },
    async countMemberAccounts(stream) {
      const row = await sql.one(
        `SELECT count(DISTINCT d.account)::bigint AS members FROM stream_members m JOIN devices d ON d.id = m.device
         WHERE m.stream = $1 AND m.until IS NULL`,
        bytesFromId(stream),
      );
      return row === undefined ? 0 : integer(row, 'members');
    },
    async isMemberAccount(stream, account) {
      const row = await sql.one(
        `SELECT 1 FROM devices d JOIN stream_members m ON m.device = d.id
         WHERE d.account = $1 AND m.stream = $2 AND m.until IS NULL LIMIT 1`,
        bytesFromId(account),
        bytesFromId(stream),
      );
      return row !== undefined;
    },
    async sweepListings(now) {
      await sql.run('DELETE FROM group_directory WHERE expires_at <= $1', now);
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
