import { Dexie, type DBCore, type DBCoreTransaction } from 'dexie';
import { countWhere } from './coreQueries.ts';
import type { AnyTable } from './declare.ts';
import type { Child, RelationGraph } from './relations.ts';
import type { AnyRow } from './validation.ts';

/**
 * Keeps the numbers that a declaration calls `counted`, on every write and in its transaction, so that
 * ranking by them needs no scan. A number is counted anew from an index and never added up: it mends itself.
 */
export interface Counters {
  /** Puts the counts into rows that are about to be written. */
  fill(trans: DBCoreTransaction, table: string, rows: readonly AnyRow[]): PromiseLike<unknown>;
  afterWrite(trans: DBCoreTransaction, table: string, rows: readonly AnyRow[]): PromiseLike<unknown>;
  afterDelete(trans: DBCoreTransaction, table: string, keys: readonly unknown[]): PromiseLike<unknown>;
}

export function createCounters(
  core: DBCore,
  declarationOf: (table: string) => AnyTable,
  graph: RelationGraph,
): Counters {
  const countedChildrenOf = (table: string): readonly Child[] =>
    graph.childrenOf(table).filter(({ table: child, column }) => declarationOf(child).counted?.per === column);

  const count = (trans: DBCoreTransaction, child: Child, value: unknown): PromiseLike<number> =>
    countWhere(core.table(child.table), trans, child.column, value);

  /** Counts the rows of `table` for each of the values, and writes what has changed to the rows they name. */
  function recount(trans: DBCoreTransaction, table: string, values: readonly unknown[]): PromiseLike<unknown> {
    const { counted, relations } = declarationOf(table);
    const relation = relations.find(({ column }) => column === counted?.per);
    if (counted === undefined || relation === undefined) return done();
    const parents = core.table(relation.to);
    const child: Child = { ...relation, table };
    return Dexie.Promise.all(
      [...new Set(values)].map((value) =>
        Dexie.Promise.all([parents.get({ trans, key: value }), count(trans, child, value)]).then(([row, number]) => {
          const parent = row as AnyRow | undefined;
          if (parent === undefined || parent[counted.column] === number) return undefined;
          return parents.mutate({ type: 'put', trans, values: [{ ...parent, [counted.column]: number }] });
        }),
      ),
    );
  }

  return {
    fill: (trans, table, rows) =>
      Dexie.Promise.all(
        countedChildrenOf(table).flatMap((child) => {
          const column = declarationOf(child.table).counted?.column ?? '';
          return rows.map((row) =>
            count(trans, child, row[child.target]).then((number) => {
              // The rows are our own copies, made for the disk.
              (row as Record<string, unknown>)[column] = number;
            }),
          );
        }),
      ),
    afterWrite(trans, table, rows) {
      const per = declarationOf(table).counted?.per;
      if (per === undefined) return done();
      return recount(
        trans,
        table,
        rows.map((row) => row[per]),
      );
    },
    afterDelete(trans, table, keys) {
      const { counted, key } = declarationOf(table);
      if (counted === undefined) return done();
      const at = typeof key === 'string' ? -1 : key.indexOf(counted.per);
      return recount(
        trans,
        table,
        keys.map((one) => (Array.isArray(one) ? (one as unknown[])[at] : one)),
      );
    },
  };
}

const done = (): PromiseLike<unknown> => Dexie.Promise.resolve();
