import type { Transaction } from 'dexie';
import type { AnyTable, KeyPath } from './declare.ts';
import { fillDerivedColumns } from './derivedColumns.ts';
import type { AnyRow } from './validation.ts';
import { schema, SCHEMA_VERSION, type StoreTables, type TableName } from './schema.ts';

/**
 * One released version of the schema, or the present one. Tables and indexes need no step: Dexie compares
 * what is on disk with the present declaration. A version that changes rows has a step; a change of the
 * clear columns is made where the store is opened, a change of sealed ones after it was unlocked.
 */
export interface Migration {
  readonly version: number;
  readonly description: string;
  /** {@link checksumOf} its declaration, as text once the version is released. */
  readonly checksum: string;
  readonly clear?: ClearStep;
  readonly unlocked?: UnlockedStep;
  readonly restored?: RestoredStep;
}

/**
 * What the clear step does, for a backup that was made before this version: its rows come opened, one by one,
 * and have to fit the tables of this version. The unlocked step runs over them afterwards.
 */
export interface RestoredStep {
  /** Name that a table of the version before has in this one; `undefined` where it is gone. */
  table?(name: string): string | undefined;
  /** @param table by its present name. */
  row?(table: string, row: AnyRow): AnyRow;
}

/**
 * Changes rows while the store is opened, locked, in the one transaction of the whole upgrade. It also finds
 * the tables that its version takes away.
 */
export interface ClearStep {
  /** Dexie's `stores` of that version, as text once it is released, so that the step finds the tables it knows. */
  readonly stores: Readonly<Record<string, string>>;
  /** Nothing but `trans` may be awaited. What it throws undoes the upgrade. */
  run(trans: Transaction): Promise<void>;
}

/**
 * Changes sealed columns once the store is unlocked, before anything is shown, a slice at a time. A row read
 * opens as the version before sealed it (`formerly` in the declaration) and is sealed anew when it is put.
 */
export interface UnlockedStep {
  readonly tables: readonly TableName[];
  /**
   * One slice, in its own transaction: broken off between two, the step goes on where it was.
   * @param from what the slice before gave; empty at first.
   * @returns where to go on, `undefined` at the end.
   */
  slice(tables: StoreTables, from: string): Promise<string | undefined>;
}

/** What a store is made or upgraded to. */
export interface Plan {
  readonly schema: Readonly<Record<string, AnyTable>>;
  /** Every version there ever was, oldest first; the last is that of `schema`. */
  readonly migrations: readonly Migration[];
}

export const presentPlan: Plan = {
  schema,
  migrations: [
    { version: 1, description: 'The first schema', checksum: 'e153cc9fd20c8b88' },
    {
      version: SCHEMA_VERSION,
      description: 'The whole data layer',
      checksum: checksumOf(schema),
      unlocked: fillDerivedColumns,
    },
  ],
};

/** Dexie's `stores`: primary key first, then the indexes, unique ones with `&`, those of several values with `*`. */
export function storesOf(tables: Readonly<Record<string, AnyTable>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tables).map(([name, { key, indexes }]) => [
      name,
      [
        spelled(key),
        ...indexes.map(({ on, unique, multi }) => (unique ? '&' : '') + (multi ? '*' : '') + spelled(on)),
      ].join(', '),
    ]),
  );
}

/** A key path as Dexie writes it. */
export function spelled(path: KeyPath): string {
  return typeof path === 'string' ? path : `[${path.join('+')}]`;
}

/**
 * Fingerprint of a declaration: FNV-1a, 64 bits, over its canonical text. It tells two declarations
 * apart; it protects against nothing.
 */
export function checksumOf(tables: Readonly<Record<string, AnyTable>>): string {
  const told = JSON.stringify(tables, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(told)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
