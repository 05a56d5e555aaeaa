import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decode, encode } from 'cborg';

/** A database as it lies on disk, beneath every layer of ours: gzipped CBOR in a file `<schema version>.cbor.gz`. */
export interface Golden {
  readonly schemaVersion: number;
  readonly passphrase: string;
  /** What the app of that version showed; a later one must show it too. */
  readonly shown: Shown;
  readonly database: DumpedDatabase;
}

export interface Shown {
  /** Texts of each conversation by title, in order. */
  readonly conversations: Readonly<Record<string, readonly string[]>>;
  readonly people: readonly string[];
  readonly drafts: Readonly<Record<string, string>>;
  readonly waiting: number;
}

interface DumpedDatabase {
  /** As IndexedDB counts: Dexie's version times ten. */
  readonly version: number;
  readonly stores: readonly {
    readonly name: string;
    readonly keyPath: string | readonly string[];
    readonly indexes: readonly {
      readonly name: string;
      readonly keyPath: string | readonly string[];
      readonly unique: boolean;
    }[];
    readonly rows: readonly unknown[];
  }[];
}

const folder = new URL('.', import.meta.url);

/** Every golden store there is, oldest first. */
export const goldens = (): Golden[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.cbor.gz'))
    .map((name) => decode(gunzipSync(readFileSync(new URL(name, folder)))) as Golden)
    .sort((a, b) => a.schemaVersion - b.schemaVersion);

export const bytesFromGolden = (golden: Golden): Uint8Array => gzipSync(encode(golden), { level: 9 });

export async function dumpDatabase(factory: IDBFactory, name: string): Promise<DumpedDatabase> {
  const db = await answer(factory.open(name));
  const stores = [];
  for (const storeName of [...db.objectStoreNames]) {
    const store = db.transaction(storeName).objectStore(storeName);
    const indexes = [...store.indexNames].map((indexName) => {
      const { keyPath, unique } = store.index(indexName);
      return { name: indexName, keyPath, unique };
    });
    const keyPath = store.keyPath ?? '';
    const rows = await answer(store.getAll());
    stores.push({ name: storeName, keyPath, indexes, rows: await Promise.all(rows.map(withoutKeys)) });
  }
  db.close();
  return { version: db.version, stores };
}

/** Puts the database on an empty disk. */
export async function restoreDatabase(factory: IDBFactory, name: string, dumped: DumpedDatabase): Promise<void> {
  const stores = await Promise.all(
    dumped.stores.map(async (store) => ({ ...store, rows: await Promise.all(store.rows.map(withKeys)) })),
  );
  const request = factory.open(name, dumped.version);
  request.onupgradeneeded = () => {
    for (const { name: storeName, keyPath, indexes, rows } of stores) {
      const store = request.result.createObjectStore(storeName, { keyPath: pathOf(keyPath) });
      for (const index of indexes) store.createIndex(index.name, pathOf(index.keyPath), { unique: index.unique });
      for (const row of rows) store.add(row);
    }
  };
  (await answer(request)).close();
}

const pathOf = (keyPath: string | readonly string[]) => (typeof keyPath === 'string' ? keyPath : [...keyPath]);

export const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });

/** A WebCrypto key is dumped as JWK, so it has to be an extractable one. */
async function withoutKeys(row: unknown): Promise<unknown> {
  const entries = Object.entries(row as Record<string, unknown>).map(async ([name, value]) => [
    name,
    value instanceof CryptoKey
      ? { jwk: JSON.stringify(await crypto.subtle.exportKey('jwk', value)) }
      : value instanceof Uint8Array
        ? new Uint8Array(value)
        : value,
  ]);
  return Object.fromEntries(await Promise.all(entries)) as unknown;
}

async function withKeys(row: unknown): Promise<unknown> {
  const entries = Object.entries(row as Record<string, unknown>).map(async ([name, value]) => [
    name,
    isDumpedKey(value)
      ? await crypto.subtle.importKey('jwk', JSON.parse(value.jwk) as JsonWebKey, { name: 'Ed25519' }, true, ['sign'])
      : value,
  ]);
  return Object.fromEntries(await Promise.all(entries)) as unknown;
}

const isDumpedKey = (value: unknown): value is { jwk: string } =>
  typeof value === 'object' && value !== null && 'jwk' in value && typeof value.jwk === 'string';
