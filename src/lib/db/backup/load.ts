import { refuseStorage } from '../faults.ts';
import { declarationOf, tableNames } from '../schema.ts';
import type { Store, TableName } from '../store.ts';
import { validate, type AnyRow } from '../validation.ts';
import { anyTable, keyOfRow } from './anyTable.ts';
import { leftOut } from './contents.ts';

/** The table of a backup by its name. Refused: `unsupported` where this store has no such table, or never restores it. */
export function restorableTable(name: string): TableName {
  const known = tableNames.find((one) => one === name);
  if (known === undefined || leftOut[known] !== undefined) return refuseStorage('unsupported', { entity: name });
  return known;
}

/** Holds a row of a backup against the declaration, before anything is written. Refused: `validation`, `constraint`. */
export const checkRestorable = (name: TableName, row: AnyRow): void => validate(name, declarationOf(name), row, false);

/** Puts rows of a backup into a store that nobody else uses yet. */
export async function loadRows(store: Store, name: TableName, rows: readonly AnyRow[]): Promise<void> {
  await store.tx('load', [name], () => anyTable(store, name).bulkPut([...rows]));
}

export async function unloadRows(store: Store, name: TableName, keys: readonly unknown[]): Promise<void> {
  await store.tx('load', [name], () => anyTable(store, name).bulkDelete([...keys]));
}

export const keysOfRows = (name: TableName, rows: readonly AnyRow[]): unknown[] =>
  rows.map((row) => keyOfRow(name, row));
