/**
 * `npm run relay:backup -- FILE` copies the embedded store of `DATA_DIR` (./data) while the relay runs;
 * `npm run relay:restore -- FILE` puts such a copy into an empty `DATA_DIR`.
 */
import { backUpSqlite, restoreSqlite } from '../src/lib/server/store/sqlite/backup.ts';

const [what, file] = process.argv.slice(2);
const dataDir = process.env['DATA_DIR'] ?? './data';
if (file === undefined || (what !== 'backup' && what !== 'restore')) {
  process.stderr.write('relayBackup.mjs backup|restore FILE\n');
  process.exit(2);
}
try {
  await (what === 'backup' ? backUpSqlite(dataDir, file) : restoreSqlite(dataDir, file));
  process.stdout.write(`${what} of ${dataDir}: ${file}\n`);
} catch (fault) {
  process.stderr.write(`${fault instanceof Error ? fault.message : 'it failed'}\n`);
  process.exit(1);
}
