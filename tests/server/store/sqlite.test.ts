import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { silent } from '../../../src/lib/core/ports.ts';
import type { Store } from '../../../src/lib/server/store/port.ts';
import { openSqliteStore } from '../../../src/lib/server/store/sqlite.ts';
import { storeConforms } from './conformance.ts';
import { headOf, newStream } from './people.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function open(dataDir: string): Store {
  const store = openSqliteStore({ dataDir, now: 1, logger: silent });
  onTestFinished(() => store.close());
  return store;
}

for (const [name, place] of [
  ['a file', newFolder],
  ['memory', () => ':memory:'],
] as const) {
  storeConforms(name, {
    open: async () => open(place()),
    shared: async (views) => new Array<Store>(views).fill(open(place())),
  });
}

describe('the store in a file', () => {
  test('is there again after it was closed', async () => {
    const folder = newFolder();
    const before = open(folder);
    const stream = await newStream(before);
    await before.write(({ streams }) => streams.moveHead(stream, 1));
    await before.close();
    expect(await headOf(open(folder), stream)).toBe(1);
  });

  test('waits for the disk once for all that arrive together', async () => {
    const store = open(newFolder());
    const stream = await newStream(store);
    const run = vi.spyOn(StatementSync.prototype, 'run');
    await Promise.all(Array.from({ length: 100 }, () => store.write(({ streams }) => streams.moveHead(stream, 1))));
    const commits = run.mock.contexts.filter(
      (statement) => statement instanceof StatementSync && statement.sourceSQL === 'COMMIT',
    );
    run.mockRestore();
    expect(commits).toHaveLength(1);
  });
});
