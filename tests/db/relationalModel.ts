import type { AnyTable, Column, KeyPath } from '../../src/lib/db/declare.ts';
import { declarationOf, type TableName } from '../../src/lib/db/schema.ts';

/**
 * What the store is, as plainly as can be: a map of rows for each table, and the declared rules carried out
 * one after the other without an index, a transaction or a cleverness. It reads the declarations and nothing
 * else of the store.
 */
export type Rows = Map<string, AnyRow>;
export type Model = Map<TableName, Rows>;
export type AnyRow = Readonly<Record<string, unknown>>;

export type Operation =
  | { readonly do: 'add' | 'put'; readonly table: TableName; readonly rows: readonly AnyRow[] }
  | { readonly do: 'update'; readonly table: TableName; readonly key: unknown; readonly changes: AnyRow }
  | {
      readonly do: 'modify';
      readonly table: TableName;
      readonly column: string;
      readonly value: unknown;
      readonly changes: AnyRow;
    }
  | { readonly do: 'delete'; readonly table: TableName; readonly keys: readonly unknown[] }
  | { readonly do: 'deleteWhere'; readonly table: TableName; readonly column: string; readonly value: unknown }
  | { readonly do: 'clear'; readonly table: TableName };

export const emptyModel = (tables: readonly TableName[]): Model =>
  new Map(tables.map((table) => [table, new Map<string, AnyRow>()]));

export const copyOf = (model: Model): Model =>
  new Map([...model].map(([table, rows]) => [table, new Map<string, AnyRow>(rows)]));

/** What a rule is broken with; carried out of the depth by throwing. */
class Broken extends Error {}

/** Carries `operation` out. @returns the code it is refused with; the model may then be half changed. */
export function applyToModel(model: Model, operation: Operation): string | undefined {
  try {
    perform(model, operation);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Broken) return thrown.message;
    throw thrown;
  }
}

/** The rows of a table as the store shows them, in no order. */
export function shownRows(model: Model, table: TableName): AnyRow[] {
  const counting = [...model.keys()].flatMap((child) => {
    const { counted, relations } = declarationOf(child);
    const relation = relations.find(({ column, to }) => column === counted?.per && to === table);
    return counted === undefined || relation === undefined ? [] : [{ child, counted, target: relation.target }];
  });
  return [...rowsOf(model, table).values()].map((row) => {
    const shown: Record<string, unknown> = { ...row };
    for (const { child, counted, target } of counting) {
      shown[counted.column] = [...rowsOf(model, child).values()].filter(
        (one) => one[counted.per] === row[target],
      ).length;
    }
    return shown;
  });
}

export const keyIn = (row: AnyRow, path: KeyPath): unknown =>
  typeof path === 'string' ? row[path] : path.map((name) => row[name]);

const spell = (key: unknown): string => JSON.stringify(key);

function rowsOf(model: Model, table: string): Rows {
  const rows = model.get(table as TableName);
  if (rows === undefined) throw new Error(`${table} is not in the model`);
  return rows;
}

function perform(model: Model, operation: Operation): void {
  const { table } = operation;
  const rows = rowsOf(model, table);
  switch (operation.do) {
    case 'add':
    case 'put':
      return write(model, table, operation.rows, operation.do === 'add');
    case 'update': {
      const row = rows.get(spell(operation.key));
      return row === undefined ? undefined : write(model, table, [{ ...row, ...operation.changes }], false);
    }
    case 'modify': {
      const found = [...rows.values()].filter((row) => row[operation.column] === operation.value);
      return write(
        model,
        table,
        found.map((row) => ({ ...row, ...operation.changes })),
        false,
      );
    }
    case 'delete':
      return remove(model, table, operation.keys.map(spell));
    case 'deleteWhere': {
      const found = [...rows].filter(([, row]) => row[operation.column] === operation.value);
      return remove(
        model,
        table,
        found.map(([key]) => key),
      );
    }
    case 'clear':
      return remove(model, table, [...rows.keys()]);
  }
}

function write(model: Model, table: TableName, given: readonly AnyRow[], isNew: boolean): void {
  const declaration = declarationOf(table);
  for (const row of given) checkAlone(declaration, row);
  for (const row of given) checkParents(model, declaration, row);
  checkAgainstOld(model, table, given, isNew);
  checkLimit(model, table, given, isNew);
  const rows = rowsOf(model, table);
  for (const row of given) {
    const key = spell(keyIn(row, declaration.key));
    if (isNew && rows.has(key)) throw new Broken('duplicate');
    for (const { on, unique } of declaration.indexes) {
      if (!unique) continue;
      const value = keyIn(row, on);
      if (value === undefined || (Array.isArray(value) && value.includes(undefined))) continue;
      const taken = [...rows].some(([other, there]) => other !== key && spell(keyIn(there, on)) === spell(value));
      if (taken) throw new Broken('duplicate');
    }
    rows.set(key, row);
  }
}

function checkAlone(declaration: AnyTable, row: AnyRow): void {
  for (const name of Object.keys(row)) if (declaration.columns[name] === undefined) throw new Broken('validation');
  for (const [name, column] of Object.entries(declaration.columns)) {
    const value = row[name];
    if (value === undefined ? !column.optional : !isOf(column, value)) throw new Broken('validation');
  }
  for (const check of declaration.checks) if (!check.test(row as never)) throw new Broken('constraint');
}

function isOf({ kind, values }: Column, value: unknown): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    case 'enum':
      return values?.includes(String(value)) === true;
    case 'integer':
    case 'real':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'json':
      return typeof value !== 'symbol';
    case 'key':
      return typeof value === 'object';
  }
}

function checkParents(model: Model, { relations }: AnyTable, row: AnyRow): void {
  for (const { column, to, target } of relations) {
    if (row[column] === undefined) continue;
    const isThere = [...rowsOf(model, to).values()].some((parent) => parent[target] === row[column]);
    if (!isThere) throw new Broken('constraint');
  }
}

/** A batch is held against what was there before it, row by row: a later row of the same key replaces an earlier one. */
function checkAgainstOld(model: Model, table: TableName, given: readonly AnyRow[], isNew: boolean): void {
  if (isNew) return;
  const { key, fixed, grows, transitions } = declarationOf(table);
  const seen: Rows = new Map(rowsOf(model, table));
  for (const row of given) {
    const at = spell(keyIn(row, key));
    const was = seen.get(at);
    seen.set(at, row);
    if (was === undefined) continue;
    if (fixed.some((name) => was[name] !== row[name])) throw new Broken('constraint');
    if (grows.some((name) => Number(row[name]) < Number(was[name]))) throw new Broken('constraint');
    for (const [name, steps] of Object.entries(transitions)) {
      const [from, to] = [String(was[name]), String(row[name])];
      if (from !== to && steps?.[from]?.includes(to) !== true) throw new Broken('constraint');
    }
  }
}

function checkLimit(model: Model, table: TableName, given: readonly AnyRow[], isNew: boolean): void {
  const { key, atMost, relations } = declarationOf(table);
  const relation = relations.find(({ column }) => column === atMost?.per);
  if (atMost === undefined || relation === undefined) return;
  const present = rowsOf(model, table);
  const added = given.filter((row) => isNew || !present.has(spell(keyIn(row, key))));
  for (const value of new Set(added.map((row) => row[atMost.per]))) {
    const parent = [...rowsOf(model, relation.to).values()].find((row) => row[relation.target] === value);
    const keys = new Set(added.filter((row) => row[atMost.per] === value).map((row) => spell(keyIn(row, key))));
    const before = [...present.values()].filter((row) => row[atMost.per] === value).length;
    if (before + keys.size > Number(parent?.[atMost.limit])) throw new Broken('constraint');
  }
}

function remove(model: Model, table: TableName, keys: readonly string[]): void {
  const rows = rowsOf(model, table);
  for (const key of keys) {
    const row = rows.get(key);
    if (row === undefined) continue;
    rows.delete(key);
    for (const [child, childRows] of model) {
      for (const { column, to, target, onDelete } of declarationOf(child).relations) {
        if (to !== table) continue;
        for (const [childKey, childRow] of [...childRows]) {
          if (childRow[column] !== row[target]) continue;
          if (onDelete === 'cascade') remove(model, child, [childKey]);
          else {
            const { [column]: _gone, ...rest } = childRow;
            childRows.set(childKey, rest);
          }
        }
      }
    }
  }
}
