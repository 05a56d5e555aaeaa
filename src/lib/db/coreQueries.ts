import type { DBCoreTable, DBCoreTransaction } from 'dexie';
import type { AnyRow } from './validation.ts';

/** Questions that the layer under Dexie's tables asks, by one column that a key or an index starts with. */

export const keysWhere = (
  table: DBCoreTable,
  trans: DBCoreTransaction,
  column: string,
  value: unknown,
  limit = Infinity,
): PromiseLike<readonly unknown[]> =>
  table
    .query({ trans, values: false, limit, query: queryFor(table, column, value) })
    .then((answer) => answer.result as unknown[]);

export const rowsWhere = (
  table: DBCoreTable,
  trans: DBCoreTransaction,
  column: string,
  value: unknown,
): PromiseLike<readonly AnyRow[]> =>
  table
    .query({ trans, values: true, query: queryFor(table, column, value) })
    .then((answer) => answer.result as AnyRow[]);

export const countWhere = (
  table: DBCoreTable,
  trans: DBCoreTransaction,
  column: string,
  value: unknown,
): PromiseLike<number> => table.count({ trans, query: queryFor(table, column, value) });

export const countAll = (table: DBCoreTable, trans: DBCoreTransaction): PromiseLike<number> =>
  table.count({
    trans,
    query: { index: table.schema.primaryKey, range: { type: ANY_KEY, lower: undefined, upper: undefined } },
  });

const queryFor = (table: DBCoreTable, column: string, value: unknown) => {
  const index = table.schema.getIndexByKeyPath(column);
  if (index === undefined) throw new TypeError(`${table.name} has no index that starts with ${column}`);
  return { index, range: { type: ONE_KEY, lower: value, upper: value } };
};
/** `DBCoreRangeType.Equal` and `.Any`: an ambient const enum, which a single-file compiler can't read. */
const ONE_KEY = 1;
const ANY_KEY = 3;
