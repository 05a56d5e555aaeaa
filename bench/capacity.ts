import { loadOf, people, type Load, type Machine } from './capacity/model.ts';
import { postgresRowBytes, sqliteRowBytes } from './capacity/rowBytes.ts';
import { ENTRY_BYTES } from './relay/load.ts';

/** Taken to be true of a server with eight cores and NVMe; the first two are several times what two shared cores show. */
const embedded: Machine = { entriesPerSecond: 20_000, readsPerSecond: 60_000, diskBytes: 4e12, sockets: 20_000 };
const server: Machine = { entriesPerSecond: 15_000, readsPerSecond: 60_000, diskBytes: 4e12, sockets: 20_000 };

/** What ten million accounts ask of each engine. Row sizes are measured, the rest is counted. */
export async function capacity(): Promise<string> {
  const [ofSqlite, ofPostgres] = [await sqliteRowBytes(), await postgresRowBytes()];
  const [small, large] = [loadOf(people, ofSqlite, embedded), loadOf(people, ofPostgres, server)];
  const both = (name: string, one: string, other: string) => `| ${name} | ${one} | ${other} |`;
  return [
    '## Capacity',
    `${count(people.accounts)} accounts with ${people.devicesEach} devices, in ${people.groupsEach} groups of ${people.accountsInGroup}, ${people.entriesADay} entries of ${ENTRY_BYTES} bytes a day kept for ${people.daysKept} days; ${people.onlineShare * 100} % of the devices listen; the peak is ${people.peak} times the average. Bytes of a row with its indexes are measured in this run; a database is taken to hold ${count(server.diskBytes / 1e12)} TB, to take ${count(embedded.entriesPerSecond)} (SQLite) or ${count(server.entriesPerSecond)} (PostgreSQL) entries and to answer ${count(server.readsPerSecond)} statements a second.`,
    [
      '| | SQLite | PostgreSQL |',
      '|---|--:|--:|',
      both('bytes of an entry', count(ofSqlite.entry), count(ofPostgres.entry)),
      both('bytes of a membership', count(ofSqlite.member), count(ofPostgres.member)),
      both('bytes of a key package', count(ofSqlite.keyPackage), count(ofPostgres.keyPackage)),
      ...(['entries', 'keyPackages', 'members', 'streams', 'devices'] as const).map((table) =>
        both(`rows: ${table}`, count(small.rows[table]), count(large.rows[table])),
      ),
      both('on disk', terabytes(small), terabytes(large)),
      both('appends a second', count(small.appends), count(large.appends)),
      both('catch-ups a second', count(small.catchUps), count(large.catchUps)),
      both('sockets', count(small.sockets), count(large.sockets)),
      both('relays', 'one for each file', count(large.relays)),
      both('look-ups of readers a second', count(small.appends), count(large.readerLookUps)),
      ...(['writes', 'disk', 'catch-ups', 'reader look-ups'] as const).map((why) =>
        both(
          `databases needed for ${why}`,
          why === 'reader look-ups' ? '–' : small.databases[why].toFixed(1),
          large.databases[why].toFixed(1),
        ),
      ),
    ].join('\n'),
  ].join('\n\n');
}

const terabytes = ({ bytes }: Load): string =>
  `${((bytes.entry + bytes.member + bytes.keyPackage) / 1e12).toFixed(1)} TB`;

const count = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en');
