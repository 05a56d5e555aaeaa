import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { migrations } from '../migrations/index.ts';

/** Pages copied in one step; the relay works in between. */
const PAGES = 1_000;

/**
 * Copies the embedded store of `dataDir` to `target` while a relay uses it: one moment of it, checked and on
 * disk when this resolves. Files in the folder `blobs` are not in it.
 * @throws where there is no store, `target` exists, or the copy is not whole.
 */
export async function backUpSqlite(dataDir: string, target: string): Promise<void> {
  if (existsSync(target)) throw new Error(`${target} is there already`);
  const source = new DatabaseSync(join(dataDir, 'relay.sqlite'), { readOnly: true });
  const partial = `${target}.partial`;
  try {
    await rm(partial, { force: true });
    await backup(source, partial, { rate: PAGES });
    check(partial);
    await sync(partial);
    await rename(partial, target);
  } finally {
    source.close();
    await rm(partial, { force: true });
  }
}

/**
 * Puts a backup into an empty `dataDir`.
 * @throws where a store is there already, or the backup is damaged or of a newer relay; then nothing is changed.
 */
export async function restoreSqlite(dataDir: string, from: string): Promise<void> {
  const place = join(dataDir, 'relay.sqlite');
  if (existsSync(place)) throw new Error(`${place} is there already: move it away first`);
  check(from);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const partial = `${place}.partial`;
  await copyFile(from, partial, constants.COPYFILE_FICLONE);
  await sync(partial);
  await rename(partial, place);
}

/** @throws where the file is no whole store that this relay can read. */
function check(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const verdict = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    if (verdict !== 'ok') throw new Error(`${path} is damaged: ${String(verdict)}`);
    const version = Number(database.prepare('SELECT max(version) AS v FROM schema_migrations').get()?.['v']);
    if (!(version >= 1 && version <= migrations.length)) throw new Error(`${path} is of version ${version}`);
  } finally {
    database.close();
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
}
