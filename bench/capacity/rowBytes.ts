import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  idFromBytes,
  type AccountId,
  type DeviceId,
  type KeyPackageRef,
  type StreamId,
} from '../../src/lib/core/ids.ts';
import { silent } from '../../src/lib/core/ports.ts';
import type { Store } from '../../src/lib/server/store/port.ts';
import { openPostgresStore } from '../../src/lib/server/store/postgres.ts';
import { openSqliteStore } from '../../src/lib/server/store/sqlite.ts';
import { ENTRY_BYTES } from '../relay/load.ts';
import { newDatabase } from '../relay/servers.ts';
import type { RowBytes } from './model.ts';
import postgres from 'postgres';

const STREAMS = 100;
const ENTRIES = 100;
const MEMBERS = 100;
const PACKAGES = 2_000;
/** Of a KeyPackage with both kinds of keys. */
const PACKAGE_BYTES = 3_000;

const bytes = (length: number) => randomFillSync(new Uint8Array(length));
const newId = <Id extends string>(length = 16) => idFromBytes<Id>(bytes(length));

/** Fills one table after the other, and looks how much the store grew each time. */
async function grown(store: Store, size: () => Promise<number>): Promise<RowBytes> {
  const [account, device] = [newId<AccountId>(32), newId<DeviceId>()];
  const streams = Array.from({ length: STREAMS }, () => newId<StreamId>());
  await store.write(async (tables) => {
    await tables.accounts.insertAccount(account, bytes(32), 1);
    await tables.accounts.insertDevice(
      { device, account, loginKey: bytes(32), certificate: bytes(200), sequence: 0 },
      1,
    );
    for (const stream of streams) {
      await tables.streams.insertStream(stream, { kind: 'group', head: 0, epoch: 1, fence: 0 }, 1);
    }
  });
  const by = async (count: number, fill: () => Promise<unknown>) => {
    const before = await size();
    await fill();
    return ((await size()) - before) / count;
  };
  const entry = await by(STREAMS * ENTRIES, async () => {
    for (let seq = 1; seq <= ENTRIES; seq++) {
      await store.write(async (tables) => {
        for (const stream of streams) {
          const row = { seq, kind: 'record', id: newId(), epoch: 1, sender: device, at: 1 } as const;
          await tables.streams.insertEntries(stream, [{ ...row, payload: bytes(ENTRY_BYTES) }]);
        }
      });
    }
  });
  const member = await by(STREAMS * MEMBERS, async () => {
    for (const stream of streams) {
      const devices = Array.from({ length: MEMBERS }, () => newId<DeviceId>());
      await store.write((tables) => tables.streams.openMembers(stream, devices, 0));
    }
  });
  const keyPackage = await by(PACKAGES, () =>
    store.write((tables) =>
      tables.keyPackages.insertPackages(
        device,
        Array.from({ length: PACKAGES }, () => ({
          ref: newId<KeyPackageRef>(32),
          suite: 83,
          notAfter: 2,
          lastResort: false,
          bytes: bytes(PACKAGE_BYTES),
        })),
        1,
      ),
    ),
  );
  return { entry, member, keyPackage };
}

export async function sqliteRowBytes(): Promise<RowBytes> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-bench-'));
  try {
    const store = openSqliteStore({ dataDir, now: 1, logger: silent });
    const { DatabaseSync } = await import('node:sqlite');
    const looker = new DatabaseSync(join(dataDir, 'relay.sqlite'));
    const row = await grown(store, async () => {
      looker.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return statSync(join(dataDir, 'relay.sqlite')).size;
    });
    looker.close();
    await store.close();
    return row;
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

export async function postgresRowBytes(): Promise<RowBytes> {
  const { url, drop } = await newDatabase();
  try {
    const store = await openPostgresStore({ url: url.href, now: 1, logger: silent });
    const sql = postgres(url.href, { max: 1, onnotice: () => undefined });
    const row = await grown(store, async () => {
      const [size] = await sql<{ bytes: string }[]>`SELECT pg_database_size(current_database()) AS bytes`;
      return Number(size?.bytes);
    });
    await sql.end();
    await store.close();
    return row;
  } finally {
    await drop();
  }
}
