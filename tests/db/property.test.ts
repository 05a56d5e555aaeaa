import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle } from '../../src/lib/core/result.ts';
import { declarationOf, tableNames, type TableName } from '../../src/lib/db/schema.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { fill, steps } from './randomRows.ts';
import {
  applyToModel,
  copyOf,
  emptyModel,
  keyIn,
  shownRows,
  type AnyRow,
  type Model,
  type Operation,
} from './relationalModel.ts';

/**
 * Random operations on every table that has a rule, one by one and in transactions, against a plain model of
 * the same declarations. Not looked at here: sealing on disk, columns that the store fills itself, queries.
 */

const tables = inOrder(
  tableNames.filter((table) => {
    const { relations, fixed, grows, transitions, checks } = declarationOf(table);
    const isNamed = tableNames.some((other) => declarationOf(other).relations.some(({ to }) => to === table));
    return (
      relations.length + fixed.length + grows.length + checks.length + Object.keys(transitions).length > 0 || isNamed
    );
  }),
);

it('looks at every table that another one names or that names another', () => {
  const related = tableNames.filter((table) => declarationOf(table).relations.length > 0);
  expect(related.filter((table) => !tables.includes(table))).toEqual([]);
  expect(tables.length).toBeGreaterThan(30);
});

it('does what a plain model does, and refuses what it refuses', async () => {
  const seen = { done: 0, refused: new Map<string, number>() };
  await fc.assert(
    fc.asyncProperty(fill(tables), steps(tables), async (rows, run) => {
      const store = await unlockedStore();
      let model = emptyModel(tables);
      for (const operations of [...rows.map((one) => [one]), ...run]) {
        const after = copyOf(model);
        let refused: string | undefined;
        for (const one of operations) {
          refused = applyToModel(after, one);
          if (refused !== undefined) break;
        }
        const touched = [...new Set(operations.map(({ table }) => table))];
        const done = await settle(
          operations.length === 1
            ? applyToStore(store, operations[0] as Operation)
            : store.tx('rw', touched, async () => {
                for (const one of operations) await applyToStore(store, one);
              }),
        );
        expect(done.ok ? undefined : done.error.code, JSON.stringify(operations)).toBe(refused);
        if (refused === undefined) model = after;
        for (const table of touched) await expectSame(store, model, table);
        if (refused === undefined) seen.done++;
        else seen.refused.set(refused, (seen.refused.get(refused) ?? 0) + 1);
      }
      for (const table of tables) await expectSame(store, model, table);
      store.close();
    }),
    // Made smaller, a case that fails would outlast the test: the seed that is printed brings it back.
    { numRuns: 15, endOnFailure: true },
  );
  // Both ways out are worth looking at only where both are taken.
  expect(seen.done).toBeGreaterThan(500);
  expect([...seen.refused.keys()].sort()).toEqual(['constraint', 'duplicate', 'validation']);
}, 120_000);

async function expectSame(store: Store, model: Model, table: TableName): Promise<void> {
  const { key } = declarationOf(table);
  const sorted = (rows: readonly AnyRow[]) =>
    [...rows].sort((a, b) => (JSON.stringify(keyIn(a, key)) < JSON.stringify(keyIn(b, key)) ? -1 : 1));
  const held = (await tableOf(store, table).toArray()) as AnyRow[];
  expect(sorted(held), table).toEqual(sorted(shownRows(model, table)));
}

async function applyToStore(store: Store, operation: Operation): Promise<unknown> {
  const rows = tableOf(store, operation.table);
  switch (operation.do) {
    case 'add':
      return operation.rows.length === 1 ? rows.add(operation.rows[0]) : rows.bulkAdd(operation.rows);
    case 'put':
      return operation.rows.length === 1 ? rows.put(operation.rows[0]) : rows.bulkPut(operation.rows);
    case 'update':
      return rows.update(operation.key, operation.changes);
    case 'modify':
      return rows.where(operation.column).equals(operation.value).modify(operation.changes);
    case 'delete':
      return operation.keys.length === 1 ? rows.delete(operation.keys[0]) : rows.bulkDelete(operation.keys);
    case 'deleteWhere':
      return rows.where(operation.column).equals(operation.value).delete();
    case 'clear':
      return rows.clear();
  }
}

/** What the operations use of a table, whatever its rows. */
interface PlainTable {
  add(row: unknown): PromiseLike<unknown>;
  put(row: unknown): PromiseLike<unknown>;
  bulkAdd(rows: readonly unknown[]): PromiseLike<unknown>;
  bulkPut(rows: readonly unknown[]): PromiseLike<unknown>;
  update(key: unknown, changes: unknown): PromiseLike<unknown>;
  delete(key: unknown): PromiseLike<unknown>;
  bulkDelete(keys: readonly unknown[]): PromiseLike<unknown>;
  clear(): PromiseLike<unknown>;
  toArray(): PromiseLike<unknown[]>;
  where(column: string): {
    equals(value: unknown): { modify(changes: unknown): PromiseLike<unknown>; delete(): PromiseLike<unknown> };
  };
}

const tableOf = (store: Store, table: TableName): PlainTable => store[table];

/** Tables that others name before those that name them; a circle is cut where it lets go. */
function inOrder(names: readonly TableName[]): readonly TableName[] {
  const ordered: TableName[] = [];
  const visit = (table: TableName): void => {
    if (ordered.includes(table)) return;
    for (const { to, onDelete } of declarationOf(table).relations) {
      if (onDelete === 'cascade') visit(to as TableName);
    }
    ordered.push(table);
  };
  for (const table of names) visit(table);
  return ordered;
}
