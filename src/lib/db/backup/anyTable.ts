import type { Table } from 'dexie';
import { declarationOf } from '../schema.ts';
import type { Store, TableName } from '../store.ts';
import type { AnyRow } from '../validation.ts';

/** A table of which only the name is known. */
export const anyTable = (store: Store, name: TableName): Table<AnyRow> => store[name] as unknown as Table<AnyRow>;

export function keyOfRow(name: TableName, row: AnyRow): unknown {
  const { key } = declarationOf(name);
  return typeof key === 'string' ? row[key] : key.map((column) => row[column]);
}
