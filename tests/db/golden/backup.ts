/**
 * `node tests/db/golden/backup.ts`: a backup of each golden store that has none yet, as the app of that version
 * would have made it: the rows as that version had them, opened, under the account's passphrase. Run by
 * `npm run golden`; a file is kept for good, and every later version must restore it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { concat } from '../../../src/lib/core/bytes.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import { createHeader } from '../../../src/lib/crypto/backup/header.ts';
import { createBackupWriter } from '../../../src/lib/crypto/backup/write.ts';
import { createSealer } from '../../../src/lib/crypto/seal.ts';
import { backedUpTables, backupFilter } from '../../../src/lib/db/backup/contents.ts';
import { declarationOf } from '../../../src/lib/db/schema.ts';
import { createRowForm, createVault } from '../../../src/lib/db/sealing.ts';
import { openStore } from '../../../src/lib/db/store.ts';
import { openDatabaseKey } from '../../../src/lib/services/openingDatabaseKey.ts';
import type { AnyRow } from '../../../src/lib/db/validation.ts';
import { createClock, createRandom } from '../../world/seeded.ts';
import { goldens, restoreDatabase, type Golden } from './dump.ts';

const fileOf = ({ schemaVersion }: Golden) => new URL(`./${schemaVersion}.cairn`, import.meta.url);

export const goldenBackupOf = (golden: Golden): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(fileOf(golden)));

async function makeBackupOf(golden: Golden): Promise<Uint8Array> {
  const indexedDB = new IDBFactory();
  await restoreDatabase(indexedDB, 'cairn', golden.database);
  const clock = createClock(Date.UTC(2040, 0, 1));
  const random = createRandom(`golden backup ${golden.schemaVersion}`);
  const store = await openStore({ name: 'cairn', clock, random, indexedDB, IDBKeyRange });
  const { databaseKey } = unwrap(await openDatabaseKey({ store, clock, random }, golden.passphrase));
  store.unlock(createSealer(databaseKey, random));
  const { accountId, deviceId } = (await store.relayLogin.get('self')) ?? { accountId: '', deviceId: '' };
  const filter = await backupFilter(store);
  const sealer = createSealer(databaseKey, random);
  store.close();

  const facts = { id: random.bytes(16), type: 'full' as const, createdAt: clock.now() };
  const header = unwrap(await createHeader(facts, { passphrase: golden.passphrase }, random));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const begin = { schema: golden.schemaVersion, account: accountId, device: deviceId, databaseKey };
  const writer = createBackupWriter(header, begin, (bytes) => void parts.push(bytes.slice()));
  for (const { name, rows } of golden.database.stores) {
    const table = backedUpTables.find((one) => one === name);
    if (table === undefined || rows.length === 0) continue;
    const form = createRowForm(table, declarationOf(table), { ...createVault(), sealer, opensFormer: true });
    const opened = rows.map((row) => filter(table, form.fromDisk(row as AnyRow)));
    writer.rows(
      table,
      opened.filter((row) => row !== undefined),
    );
  }
  writer.end();
  return concat(...parts);
}

if (process.argv[1] === import.meta.filename) {
  for (const golden of goldens()) {
    if (!existsSync(fileOf(golden))) writeFileSync(fileOf(golden), await makeBackupOf(golden));
  }
}
