import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from '../src/lib/server/store/postgres.ts';
import * as postgres from '../src/lib/server/store/postgres/migrate.ts';
import * as sqlite from '../src/lib/server/store/sqlite/migrate.ts';

/**
 * `npm run roll-back VERSION`, with the relays stopped, before an older relay is put in place: takes the
 * schema of the store (`DATABASE_URL`, or the file in `DATA_DIR`) back to that version. The older relay says
 * which version it knows when it refuses the newer store.
 */
const to = Number(process.argv[2]);
if (!Number.isInteger(to) || to < 0) {
  console.error('Which version of the schema? For example: npm run roll-back 2');
  process.exit(2);
}
const url = process.env['DATABASE_URL'];
if (url) {
  const connections = connect(url, 1);
  await postgres.rollBack(connections, to);
  await connections.end();
} else {
  const database = new DatabaseSync(join(process.env['DATA_DIR'] ?? './data', 'relay.sqlite'));
  sqlite.rollBack(database, to);
  database.close();
}
console.log(`The schema is of version ${to}.`);
