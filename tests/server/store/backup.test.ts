import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { newId, type StreamId } from '../../../src/lib/core/ids.ts';
import { limits } from '../../../src/lib/protocol/limits.ts';
import { catchUp } from '../../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../../src/lib/protocol/wire.ts';
import { backUpSqlite, restoreSqlite } from '../../../src/lib/server/store/sqlite/backup.ts';
import { relayWorld, value } from '../relayWorld.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-backup-'));
  folders.push(folder);
  return folder;
}

test('a store that is written to is copied as of one moment, and a relay goes on from the copy', async () => {
  const [folder, elsewhere] = [newFolder(), newFolder()];
  const world = await relayWorld({ dataDir: folder });
  const ana = await world.device();
  const stream = newId<StreamId>(world.random);
  value(await ana.commit(stream, 0));
  const append = () =>
    ana.append(stream, [{ id: newId<string>(world.random), epoch: 1, payload: world.random.bytes(5_000) }]);
  for (let i = 0; i < 50; i++) value(await append());
  const copy = join(elsewhere, 'copy.sqlite');
  const [during] = await Promise.all([Promise.all(Array.from({ length: 50 }, append)), backUpSqlite(folder, copy)]);
  for (const answer of during) value(answer);
  await expect(backUpSqlite(folder, copy)).rejects.toThrow('already');
  await world.relay.close();

  await expect(restoreSqlite(folder, copy)).rejects.toThrow('already');
  const restored = join(elsewhere, 'data');
  await restoreSqlite(restored, copy);
  const again = await relayWorld({ dataDir: restored });
  const body = cborFromValue({ cursors: {} });
  const answer = await again.relay.handle({ path: catchUp.path, token: ana.token, body });
  const read = valueFromCbor(catchUp.answer, answer.body, 2 * limits.body);
  const seqs = read.ok ? read.value.entries.map(({ seq }) => seq) : [];
  expect(seqs.length).toBeGreaterThanOrEqual(51);
  expect(seqs).toEqual(Array.from(seqs, (_, i) => i + 1));
  await again.relay.close();
});

test('a damaged copy is not restored', async () => {
  const [folder, elsewhere] = [newFolder(), newFolder()];
  const world = await relayWorld({ dataDir: folder });
  for (let i = 0; i < 20; i++) value(await (await world.device()).publish(20));
  const copy = join(elsewhere, 'copy.sqlite');
  await backUpSqlite(folder, copy);
  await world.relay.close();
  const bytes = readFileSync(copy);
  bytes.fill(0xff, 3 * 4096, 12 * 4096);
  writeFileSync(copy, bytes);
  const restored = join(elsewhere, 'data');
  await expect(restoreSqlite(restored, copy)).rejects.toThrow(/damaged|malformed/);
  await restoreSqlite(restored, copy).catch(() => undefined);
  expect(() => readFileSync(join(restored, 'relay.sqlite'))).toThrow('ENOENT');
});
