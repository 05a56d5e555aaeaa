/**
 * The words in which the tables are declared. A declaration is plain data; the row types, the Dexie
 * `stores` text, the validator, the sealing and the constraints are all read from it.
 */

export type ColumnKind = 'text' | 'texts' | 'integer' | 'real' | 'boolean' | 'bytes' | 'json' | 'enum' | 'key';

declare const value: unique symbol;

/** One column. `T` is what a row holds in it; it exists for the compiler only. */
export interface Column<T = unknown, Optional extends boolean = boolean> {
  readonly kind: ColumnKind;
  readonly optional: Optional;
  readonly sealed: boolean;
  /** The words an `enum` column may hold. */
  readonly values?: readonly string[];
  readonly [value]?: T;
}

const column = <T>(kind: ColumnKind, values?: readonly string[]): Column<T, false> => ({
  kind,
  optional: false,
  sealed: false,
  ...(values !== undefined && { values }),
});

export const text = <T extends string = string>(): Column<T, false> => column('text');
/** Several texts; an index on them finds the row by each. */
export const texts = (): Column<string[], false> => column('texts');
/** A safe integer. Times are milliseconds since the epoch, UTC. */
export const integer = (): Column<number, false> => column('integer');
export const real = (): Column<number, false> => column('real');
/** `true` or `false` in a row; 1 or 0 on disk and in queries, because IndexedDB has no boolean keys. */
export const boolean = (): Column<boolean, false> => column('boolean');
export const bytes = (): Column<Uint8Array<ArrayBuffer>, false> => column('bytes');
/** Anything that deterministic CBOR can say: objects with text keys, lists, text, numbers, booleans, null, bytes. */
export const json = <T = unknown>(): Column<T, false> => column('json');
export const oneOf = <const V extends readonly string[]>(...values: V): Column<V[number], false> =>
  column('enum', values);
/** The words that an `oneOf` column may hold. */
export const wordsOf = <V extends string>(of: Column<V>): readonly V[] => (of.values ?? []) as readonly V[];
/** A WebCrypto key, kept as the browser clones it. */
export const cryptoKey = (): Column<CryptoKey, false> => column('key');

/** May be absent. Absent is absent: `undefined` and `null` are never stored. */
export const optional = <T>(of: Column<T, false>): Column<T, true> => ({ ...of, optional: true });
/** Never on disk in clear, and in no index. */
export const sealed = <T, O extends boolean>(of: Column<T, O>): Column<T, O> => ({ ...of, sealed: true });

export type Columns = Readonly<Record<string, Column>>;

type Simplify<T> = { [K in keyof T]: T[K] } & {};
type ValueOf<C> = C extends Column<infer T> ? T : never;
type OptionalNames<C extends Columns> = { [K in keyof C]: C[K] extends Column<unknown, true> ? K : never }[keyof C];

/** A row: required columns, and optional ones that are there or not. */
export type RowOfColumns<C extends Columns> = Simplify<
  { -readonly [K in Exclude<keyof C, OptionalNames<C>>]: ValueOf<C[K]> } & {
    -readonly [K in OptionalNames<C>]?: ValueOf<C[K]>;
  }
>;

type Name<C extends Columns> = keyof C & string;
/** One column, or several for a compound key. */
export type KeyPath<N extends string = string> = N | readonly N[];

type KeyOfColumns<C extends Columns, K> = K extends keyof C
  ? ValueOf<C[K]>
  : K extends readonly (keyof C)[]
    ? { -readonly [I in keyof K]: ValueOf<C[K[I] & keyof C]> }
    : never;

export interface Index<N extends string = string> {
  readonly on: KeyPath<N>;
  readonly unique: boolean;
  /** The column holds several values, and the row is found by each of them. */
  readonly multi?: true;
}

export const index = <const N extends string>(...on: readonly [N, ...N[]]): Index<N> => ({
  on: keyPath(on),
  unique: false,
});
/** No two rows may have the same value; rows that lack one of the columns are left out. */
export const unique = <const N extends string>(...on: readonly [N, ...N[]]): Index<N> => ({
  on: keyPath(on),
  unique: true,
});
/** Finds a row by each of the values in one column. */
export const multi = <const N extends string>(on: N): Index<N> => ({ on, unique: false, multi: true });
const keyPath = <N extends string>(on: readonly [N, ...N[]]): KeyPath<N> => (on.length === 1 ? on[0] : on);

/** A column that names a row of another table, and what happens to this row when that one is deleted. */
export interface Relation<N extends string = string> {
  readonly column: N;
  readonly to: string;
  /** Column of the other table: its key, or one with a unique index. */
  readonly target: string;
  readonly onDelete: 'cascade' | 'setNull';
}

/** A rule on the values of one row. It is not asked where it needs sealed columns and the store is locked. */
export interface Check<Row = Record<string, unknown>> {
  readonly name: string;
  readonly columns: readonly (keyof Row & string)[];
  test(row: Row): boolean;
}

type Transitions<N extends string = string> = Readonly<{ [K in N]?: Readonly<Record<string, readonly string[]>> }>;

type Keyed<N extends string = string> = Readonly<{ [K in N]?: N }>;

export interface TableDeclaration<C extends Columns = Columns, K extends KeyPath = KeyPath> {
  readonly columns: C;
  readonly key: K;
  readonly indexes: readonly Index<Name<C>>[];
  readonly relations: readonly Relation<Name<C>>[];
  readonly checks: readonly Check<RowOfColumns<C>>[];
  /** Columns that keep the value they were added with. */
  readonly fixed: readonly Name<C>[];
  /** Integer columns that never get smaller. */
  readonly grows: readonly Name<C>[];
  /** From each value of an enum column to those that may follow it. */
  readonly transitions: Transitions<Name<C>>;
  /** How many rows may share a value of a relation's column: a column of the row it names. */
  readonly atMost?: { readonly per: Name<C>; readonly limit: string };
  /**
   * Where the store keeps the number of rows that share a value of a relation's column, which is part of the
   * key: an integer column of the row it names. What a caller writes there is replaced by the count.
   */
  readonly counted?: { readonly per: Name<C>; readonly column: string };
  /**
   * Clear columns that the store fills with a keyed hash of a sealed name, so that it can be looked up. They
   * are not shown in rows of an unlocked store.
   */
  readonly keyed: Keyed<Name<C>>;
  /** Goes up when the set or meaning of sealed columns changes; part of what a seal is bound to. */
  readonly sealing: number;
  /** What earlier versions sealed, newest first: opened only by the step that seals it anew. */
  readonly formerly?: readonly FormerSealing[];
}

/** How an earlier version of a table sealed: its number and the sealed columns. */
export interface FormerSealing {
  readonly sealing: number;
  readonly sealed: readonly string[];
}

type Given<C extends Columns, K extends KeyPath> = Pick<TableDeclaration<C, K>, 'columns' | 'key'> &
  Partial<Omit<TableDeclaration<C, K>, 'columns' | 'key'>>;

/** Declares a table; what is left out is empty. */
export const table = <const C extends Columns, const K extends Name<C> | readonly Name<C>[]>(
  given: Given<C, K>,
): TableDeclaration<C, K> => ({
  indexes: [],
  relations: [],
  checks: [],
  fixed: [],
  grows: [],
  transitions: {} as Transitions<Name<C>>,
  keyed: {} as Keyed<Name<C>>,
  sealing: 1,
  ...given,
});

/** Any table's declaration, for code that works on all of them. */
export interface AnyTable extends Omit<TableDeclaration, 'checks' | 'transitions' | 'keyed'> {
  readonly checks: readonly { readonly name: string; readonly columns: readonly string[]; test(row: never): boolean }[];
  readonly transitions: Transitions;
  readonly keyed: Keyed;
}

export const cascade = <const N extends string>(column: N, to: string, target: string): Relation<N> => ({
  column,
  to,
  target,
  onDelete: 'cascade',
});

export const setNull = <const N extends string>(column: N, to: string, target: string): Relation<N> => ({
  column,
  to,
  target,
  onDelete: 'setNull',
});

export type RowOf<T> = T extends TableDeclaration<infer C, infer _K> ? RowOfColumns<C> : never;
export type KeyOf<T> = T extends TableDeclaration<infer C, infer K> ? KeyOfColumns<C, K> : never;
