import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { silent } from '../../../src/lib/core/ports.ts';
import { settle } from '../../../src/lib/core/result.ts';
import { openPostgresStore } from '../../../src/lib/server/store/postgres.ts';
import type { Store } from '../../../src/lib/server/store/port.ts';
import { cutConnections, databaseUrl, emptyDatabase } from '../services.ts';
import { storeConforms } from './conformance.ts';
import { headOf, newStream } from './people.ts';

async function open(url: string): Promise<Store> {
  const store = await openPostgresStore({ url, now: 1, logger: silent });
  onTestFinished(() => store.close());
  return store;
}

/** One schema for all: every test makes its own people and streams. */
let url: string;
beforeAll(async () => {
  if (databaseUrl !== undefined) url = await emptyDatabase(afterTheseTests);
});
const afterTheseTests: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const undo of afterTheseTests) await undo();
});

describe.skipIf(databaseUrl === undefined)('with a server', () => {
  storeConforms('PostgreSQL', {
    open: () => open(url),
    shared: (views) => Promise.all(Array.from({ length: views }, () => open(url))),
  });

  test('a store whose connections are cut refuses as unavailable, and goes on', async () => {
    const store = await open(url);
    const stream = await newStream(store);
    const outcome = settle(
      store.write(async ({ streams }) => {
        await streams.moveHead(stream, 1);
        await cutConnections(url);
        await streams.moveHead(stream, 1);
      }),
    );
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'unavailable', retryAfter: 1 } });
    expect(await headOf(store, stream)).toBe(0);
  });
});

test('a database that is not there is said at the start', async () => {
  await expect(openPostgresStore({ url: 'postgres://127.0.0.1:1/none', now: 1, logger: silent })).rejects.toThrow(
    /ECONNREFUSED/,
  );
});
