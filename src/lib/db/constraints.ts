import { Dexie, type DBCore, type DBCoreTransaction } from 'dexie';
import { countAll, countWhere, keysWhere, rowsWhere } from './coreQueries.ts';
import { createCounters } from './counters.ts';
import type { AnyTable, Relation } from './declare.ts';
import { refuseStorage } from './faults.ts';
import { valueAt, type Child, type RelationGraph } from './relations.ts';
import type { AnyRow } from './validation.ts';

/**
 * What has to hold between rows, on every write, inside the caller's transaction. Works on rows as
 * they lie on disk: no column with a relation or a rule is sealed.
 *
 * All steps are chained `Dexie.Promise`s: a native promise in between could end the transaction.
 */
export interface Constraints {
  /** Refused: `constraint` (a named row is missing, a list is full, a step is not allowed). */
  beforeWrite(trans: DBCoreTransaction, table: string, rows: readonly AnyRow[], isNew: boolean): PromiseLike<unknown>;
  /** Remembers rows that now exist, and counts them where they are counted. */
  afterWrite(trans: DBCoreTransaction, table: string, rows: readonly AnyRow[]): PromiseLike<unknown>;
  /** Deletes, or lets go of, all that belongs to these rows. The rows themselves are left to the caller. */
  beforeDelete(trans: DBCoreTransaction, table: string, keys: readonly unknown[]): PromiseLike<unknown>;
  /** Counts what is left where it is counted. */
  afterDelete(trans: DBCoreTransaction, table: string, keys: readonly unknown[]): PromiseLike<unknown>;
}

const done = (): PromiseLike<unknown> => Dexie.Promise.resolve();
const all = (work: readonly PromiseLike<unknown>[]): PromiseLike<unknown[]> => Dexie.Promise.all([...work]);

/** For rows that held together where they come from. */
export const noConstraints: Constraints = {
  beforeWrite: done,
  afterWrite: done,
  beforeDelete: done,
  afterDelete: done,
};

export function createConstraints(
  core: DBCore,
  declarationOf: (table: string) => AnyTable,
  graph: RelationGraph,
): Constraints {
  const known = createKnownRows();
  const counters = createCounters(core, declarationOf, graph);

  /** Names of rows in `values` that are not there. One batch for each table that is named. */
  function missing(trans: DBCoreTransaction, relation: Relation, values: readonly string[]): PromiseLike<string[]> {
    const seen = known.of(trans, relation.to, relation.target);
    const open = values.filter((value) => !seen.has(value));
    if (open.length === 0) return Dexie.Promise.resolve([]);
    const parent = core.table(relation.to);
    const found: PromiseLike<boolean[]> =
      declarationOf(relation.to).key === relation.target
        ? parent.getMany({ trans, keys: open }).then((rows) => rows.map((row) => row !== undefined))
        : Dexie.Promise.all(
            open.map((value) => keysWhere(parent, trans, relation.target, value, 1).then((keys) => keys.length > 0)),
          );
    return found.then((there) => {
      open.forEach((value, i) => there[i] === true && seen.add(value));
      return open.filter((_, i) => there[i] !== true);
    });
  }

  function checkParents(trans: DBCoreTransaction, table: string, rows: readonly AnyRow[]): PromiseLike<unknown> {
    return all(
      declarationOf(table).relations.map((relation) => {
        const values = new Set<string>();
        for (const row of rows) {
          const value = row[relation.column];
          if (typeof value === 'string') values.add(value);
        }
        if (values.size === 0) return done();
        return missing(trans, relation, [...values]).then((names) => {
          if (names.length > 0) {
            refuseStorage('constraint', { entity: table, field: relation.column, detail: `not in ${relation.to}` });
          }
        });
      }),
    );
  }

  /** Rules that compare a row with the one it replaces, and limits that count new rows. */
  function checkAgainstOld(
    trans: DBCoreTransaction,
    table: string,
    rows: readonly AnyRow[],
    isNew: boolean,
  ): PromiseLike<unknown> {
    const { key, fixed, grows, transitions, atMost } = declarationOf(table);
    const steps = Object.entries(transitions);
    if (fixed.length + grows.length + steps.length === 0 && atMost === undefined) return done();
    const old: PromiseLike<readonly (AnyRow | undefined)[]> = isNew
      ? Dexie.Promise.resolve(rows.map(() => undefined))
      : core.table(table).getMany({ trans, keys: rows.map((row) => valueAt(row, key)) });
    return old.then((before) => {
      // A batch may write a row twice; each is held against the one before it.
      const written = new Map<string, AnyRow>();
      const added = rows.filter((row, i) => {
        const id = rows.length > 1 && !(isNew && atMost === undefined) ? JSON.stringify(valueAt(row, key)) : '';
        const was = written.get(id) ?? before[i];
        if (id !== '') written.set(id, row);
        if (was === undefined) return true;
        if (isNew) return false;
        for (const name of fixed) if (was[name] !== row[name]) broken(table, name, 'is fixed');
        for (const name of grows) if (Number(row[name]) < Number(was[name])) broken(table, name, 'never gets smaller');
        for (const [name, next] of steps) {
          const from = String(was[name]);
          if (was[name] !== row[name] && next?.[from]?.includes(String(row[name])) !== true) {
            broken(table, name, `${from} to ${String(row[name])}`);
          }
        }
        return false;
      });
      return atMost === undefined ? undefined : checkLimit(trans, table, added);
    });
  }

  function checkLimit(trans: DBCoreTransaction, table: string, added: readonly AnyRow[]): PromiseLike<unknown> {
    const { atMost, relations } = declarationOf(table);
    const relation = relations.find(({ column }) => column === atMost?.per);
    if (atMost === undefined || relation === undefined) return done();
    const more = new Map<string, number>();
    for (const row of added) more.set(String(row[atMost.per]), (more.get(String(row[atMost.per])) ?? 0) + 1);
    return all(
      [...more].map(([value, count]) =>
        all([
          core.table(relation.to).get({ trans, key: value }),
          countWhere(core.table(table), trans, atMost.per, value),
        ]).then(([parent, present]) => {
          const limit = Number((parent as AnyRow | undefined)?.[atMost.limit]);
          if (Number(present) + count > limit) broken(table, atMost.limit, 'is full');
        }),
      ),
    );
  }

  function deleteRows(trans: DBCoreTransaction, table: string, keys: readonly unknown[]): PromiseLike<unknown> {
    if (keys.length === 0) return done();
    return beforeDelete(trans, table, keys)
      .then(() => core.table(table).mutate({ type: 'delete', trans, keys: [...keys] }))
      .then(() => counters.afterDelete(trans, table, keys));
  }

  /** Spares many questions to a table that has no rows at all, as most have that hang on messages. */
  function releaseChildren(trans: DBCoreTransaction, child: Child, values: readonly unknown[]): PromiseLike<unknown> {
    if (values.length <= FEW) return releaseEach(trans, child, values);
    const table = core.table(child.table);
    return countAll(table, trans).then((count) => (count === 0 ? undefined : releaseEach(trans, child, values)));
  }

  function releaseEach(trans: DBCoreTransaction, child: Child, values: readonly unknown[]): PromiseLike<unknown> {
    const table = core.table(child.table);
    if (child.onDelete === 'cascade') {
      return all(values.map((value) => keysWhere(table, trans, child.column, value))).then((keys) =>
        deleteRows(
          trans,
          child.table,
          keys.flatMap((found) => found as readonly unknown[]),
        ),
      );
    }
    return all(values.map((value) => rowsWhere(table, trans, child.column, value))).then((found) => {
      const rows = found.flatMap((some) => some as readonly AnyRow[]).map((row) => without(row, child.column));
      return rows.length === 0 ? undefined : table.mutate({ type: 'put', trans, values: rows });
    });
  }

  function beforeDelete(trans: DBCoreTransaction, table: string, keys: readonly unknown[]): PromiseLike<unknown> {
    known.forget(trans, table);
    const children = graph.childrenOf(table);
    if (children.length === 0 || keys.length === 0) return done();
    const { key } = declarationOf(table);
    const byOther = children.some((child) => child.target !== key);
    const rows: PromiseLike<readonly (AnyRow | undefined)[]> = byOther
      ? core.table(table).getMany({ trans, keys: [...keys] })
      : Dexie.Promise.resolve([]);
    return rows.then((old) =>
      // One relation after the other: a row that two of them reach must not be put back by one after the other took it.
      children.reduce(
        (before, child) =>
          before.then(() =>
            releaseChildren(
              trans,
              child,
              child.target === key ? keys : old.flatMap((row) => (row === undefined ? [] : [row[child.target]])),
            ),
          ),
        done(),
      ),
    );
  }

  return {
    beforeWrite: (trans, table, rows, isNew) =>
      checkParents(trans, table, rows)
        .then(() => checkAgainstOld(trans, table, rows, isNew))
        .then(() => counters.fill(trans, table, rows)),
    afterWrite(trans, table, rows) {
      for (const target of new Set(graph.childrenOf(table).map((child) => child.target))) {
        const seen = known.of(trans, table, target);
        for (const row of rows) seen.add(String(row[target]));
      }
      return counters.afterWrite(trans, table, rows);
    },
    beforeDelete,
    afterDelete: (trans, table, keys) => counters.afterDelete(trans, table, keys),
  };
}

const broken = (entity: string, field: string, detail: string): never =>
  refuseStorage('constraint', { entity, field, detail });

function without(row: AnyRow, name: string): AnyRow {
  const { [name]: _gone, ...rest } = row;
  return rest;
}

/** Values up to which a table is asked for each of them without asking first whether it has rows. */
const FEW = 8;

/** Rows a transaction has seen to exist, so that a batch of children asks once for its parent. */
function createKnownRows() {
  const byTransaction = new WeakMap<DBCoreTransaction, Map<string, Map<string, Set<string>>>>();
  const tablesOf = (trans: DBCoreTransaction) => {
    const tables = byTransaction.get(trans) ?? new Map<string, Map<string, Set<string>>>();
    byTransaction.set(trans, tables);
    return tables;
  };
  return {
    of(trans: DBCoreTransaction, table: string, target: string): Set<string> {
      const tables = tablesOf(trans);
      const targets = tables.get(table) ?? new Map<string, Set<string>>();
      tables.set(table, targets);
      const seen = targets.get(target) ?? new Set<string>();
      targets.set(target, seen);
      return seen;
    },
    forget(trans: DBCoreTransaction, table: string): void {
      tablesOf(trans).delete(table);
    },
  };
}
