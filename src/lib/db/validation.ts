import type { AnyTable, Column } from './declare.ts';
import { refuseStorage } from './faults.ts';

/** The property of a stored row that holds its sealed columns. */
export const SEALED = '$sealed';

/** A row of any table, sealed or not. */
export type AnyRow = Readonly<Record<string, unknown>>;

/**
 * Holds a row against its declaration: known columns, types, enums, required columns, checks.
 * Refused: `validation` with the column, `constraint` with the name of the check.
 * @param hidden whether the sealed columns are closed up in `$sealed`: then they are not asked for.
 */
export function validate(table: string, declaration: AnyTable, row: AnyRow, hidden: boolean): void {
  const { columns, rules } = rulesOf(declaration);
  for (const name of Object.keys(row)) {
    if (!columns.has(name) && name !== SEALED) invalid(table, name, 'no such column');
  }
  for (const { name, column, fits } of rules) {
    const value = row[name];
    if (value === undefined) {
      if (!column.optional && !(column.sealed && hidden)) invalid(table, name, 'missing');
    } else if (!fits(value, column)) invalid(table, name, `not ${column.kind}`);
  }
  for (const check of declaration.checks) {
    if (hidden && check.columns.some((name) => declaration.columns[name]?.sealed === true)) continue;
    if (!check.test(row as never)) refuseStorage('constraint', { entity: table, field: check.name });
  }
}

interface Rules {
  readonly columns: ReadonlySet<string>;
  readonly rules: readonly { readonly name: string; readonly column: Column; readonly fits: Fits }[];
}

/** Looked up once for each declaration: a history is held against it a hundred thousand times. */
const known = new WeakMap<AnyTable, Rules>();

function rulesOf(declaration: AnyTable): Rules {
  let rules = known.get(declaration);
  if (rules === undefined) {
    const columns = Object.entries(declaration.columns);
    rules = {
      columns: new Set(columns.map(([name]) => name)),
      rules: columns.map(([name, column]) => ({ name, column, fits: fits[column.kind] })),
    };
    known.set(declaration, rules);
  }
  return rules;
}

const invalid = (entity: string, field: string, detail: string): never =>
  refuseStorage('validation', { entity, field, detail });

type Fits = (value: unknown, column: Column) => boolean;

const fits: Readonly<Record<Column['kind'], Fits>> = {
  text: (value) => typeof value === 'string',
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  integer: (value) => Number.isSafeInteger(value),
  real: (value) => Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  bytes: (value) => value instanceof Uint8Array,
  json: (value) => isPlain(value, 0),
  enum: (value, column) => typeof value === 'string' && column.values?.includes(value) === true,
  key: (value) => typeof value === 'object' && value !== null,
};

const DEEPEST = 32;

/** What CBOR and structured clone agree on. */
function isPlain(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > DEEPEST) return false;
  if (value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  return Object.values(value).every((item) => item === undefined || isPlain(item, depth + 1));
}
