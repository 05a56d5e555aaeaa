import type { Column } from '../../src/lib/db/declare.ts';
import { declarationOf, type TableName } from '../../src/lib/db/schema.ts';
import type { Store } from '../../src/lib/db/store.ts';

type AnyRow = Record<string, unknown>;

/** A row with every column filled, so that nothing is tested by its absence. `seed` makes rows of a table differ. */
export function sampleRow(table: TableName, seed: number): AnyRow {
  const row: AnyRow = {};
  for (const name of Object.keys(declarationOf(table).columns)) row[name] = sampleCell(table, name, seed);
  for (const [name, value] of Object.entries(exceptions[table] ?? {})) {
    if (value === undefined) delete row[name];
    else row[name] = value;
  }
  return row;
}

/** Puts the row and everything it names into the store. */
export async function plant(
  store: Store,
  table: TableName,
  seed: number,
  planted = new Set<string>(),
): Promise<AnyRow> {
  planted.add(table);
  const row = sampleRow(table, seed);
  for (const { column, to, target } of declarationOf(table).relations) {
    if (row[column] === undefined) continue;
    // A circle of relations is entered without the one that closes it.
    if (planted.has(to)) {
      const parents = await tableOf(store, to as TableName).toArray();
      if (!parents.some((parent) => parent[target] === row[column])) delete row[column];
    } else await plant(store, to as TableName, seed, planted);
  }
  await tableOf(store, table).put(row);
  return row;
}

export interface AnyStoreTable {
  put(row: AnyRow): PromiseLike<unknown>;
  get(key: unknown): PromiseLike<AnyRow | undefined>;
  toArray(): PromiseLike<AnyRow[]>;
  count(): PromiseLike<number>;
}

export const tableOf = (store: Store, table: TableName): AnyStoreTable => store[table];

export const keyOf = (table: TableName, row: AnyRow): IDBValidKey => {
  const { key } = declarationOf(table);
  return (typeof key === 'string' ? row[key] : key.map((name) => row[name])) as IDBValidKey;
};

export const sealedColumnsOf = (table: TableName): string[] =>
  Object.entries(declarationOf(table).columns)
    .filter(([, column]) => column.sealed)
    .map(([name]) => name);

/** Reads and changes rows as they lie on disk, under the store's feet. */
export async function onDisk<T>(
  factory: IDBFactory,
  table: string,
  mode: IDBTransactionMode,
  work: (rows: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const [{ name = 'cairn' } = {}] = await factory.databases();
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = factory.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('open'));
  });
  return new Promise<T>((resolve, reject) => {
    const transaction = db.transaction(table, mode);
    const request = work(transaction.objectStore(table));
    transaction.oncomplete = () => {
      db.close();
      resolve(request.result);
    };
    transaction.onerror = () => reject(transaction.error ?? new Error('transaction'));
  });
}

/** Rules that a row of arbitrary values would break, and columns that the store fills itself. */
const exceptions: Partial<Record<TableName, AnyRow>> = {
  conversations: { groupId: undefined, expiresAt: undefined, titleKey: undefined },
  groups: { maxMembers: 100, memberCount: 0 },
  messages: { isDeleted: false, deletedAt: undefined, editedAt: 9_000_000_000_000 },
  messageContents: { originalSize: 1000, compressedSize: 1000 },
  keyStore: { encryptedKey: undefined, kdf: undefined },
  keyPackages: { notBefore: 1, notAfter: 2 },
  fileTransfers: { progress: 50 },
};

/** A column with a relation holds what the row it names has. */
function sampleCell(table: TableName, name: string, seed: number): unknown {
  const { columns, relations } = declarationOf(table);
  const relation = relations.find((one) => one.column === name);
  if (relation !== undefined) return sampleCell(relation.to as TableName, relation.target, seed);
  const column = columns[name];
  return column === undefined ? undefined : sampleValue(table, name, column, seed);
}

function sampleValue(table: string, name: string, column: Column, seed: number): unknown {
  switch (column.kind) {
    case 'text':
      return `planted ${table} ${name} ${seed}`;
    case 'texts':
      return [`planted ${table} ${name} ${seed}`, `planted too ${seed}`];
    case 'integer':
      return seed + 1000;
    case 'real':
      return seed + 0.5;
    case 'boolean':
      return true;
    case 'bytes':
      return new TextEncoder().encode(`planted ${table} ${name} ${seed}`);
    case 'json':
      return { planted: `planted ${table} ${name} ${seed}`, list: [1, 2.5, true, null, new Uint8Array([1, 2])] };
    case 'enum':
      return column.values?.[0];
    case 'key':
      return { planted: seed };
  }
}
