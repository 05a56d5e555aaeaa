import type postgres from 'postgres';
import type { Bytes } from '../../../core/bytes.ts';

export type Row = Readonly<Record<string, unknown>>;
export type Value = string | number | boolean | Uint8Array | null;

/** What a row that is found is held with until the transaction ends: nothing while reading. */
export type RowLock = 'FOR NO KEY UPDATE' | '';

/**
 * Statements of one connection, each prepared once on it. They are sent as soon as they are asked for, in
 * that order, whether or not the answer to the one before is there.
 */
export interface Statements {
  one(sql: string, ...values: Value[]): Promise<Row | undefined>;
  all(sql: string, ...values: Value[]): Promise<Row[]>;
  /** @returns how many rows changed. */
  run(sql: string, ...values: Value[]): Promise<number>;
}

export function createStatements(connection: Pick<postgres.Sql, 'unsafe'>): Statements {
  const ask = (sql: string, values: Value[]) => connection.unsafe<Row[]>(sql, values, { prepare: true });
  return {
    one: async (sql, ...values) => (await ask(sql, values))[0],
    all: (sql, ...values) => ask(sql, values),
    run: async (sql, ...values) => (await ask(sql, values)).count,
  };
}

/** `bytea[]` as a parameter. */
export const byteArrays = (values: readonly Uint8Array[]): string =>
  `{${values.map((value) => `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`).join()}}`;

/** `bigint[]`, or `text[]` of plain words, as a parameter. */
export const plainArray = (values: readonly (number | string)[]): string => `{${values.join()}}`;

/** A column that the schema says is an integer. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`${column} is not an integer`);
  return value;
}

export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column);
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`${column} is not text`);
  return value;
}

export function flag(row: Row, column: string): boolean {
  const value = row[column];
  if (typeof value !== 'boolean') throw new TypeError(`${column} is not a boolean`);
  return value;
}

export function blob(row: Row, column: string): Bytes {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`${column} is not bytes`);
  return new Uint8Array(value);
}
