import type { AnyTable, KeyPath } from './declare.ts';
import { schema, SCHEMA_VERSION } from './schema.ts';

/** One step from a version of the schema to the next. */
export interface Migration {
  readonly version: number;
  readonly description: string;
  /** Dexie's `stores` of that version: what changed since the one before. */
  readonly stores: Readonly<Record<string, string>>;
}

/** Every version there ever was, oldest first. Earlier ones are frozen as text; the last is the declaration. */
export const migrations: readonly Migration[] = [
  { version: SCHEMA_VERSION, description: 'The first schema', stores: storesOf(schema) },
];

/** Dexie's `stores`: primary key first, then the indexes, unique ones with `&`. */
export function storesOf(tables: Readonly<Record<string, AnyTable>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tables).map(([name, { key, indexes }]) => [
      name,
      [spell(key), ...indexes.map(({ on, unique }) => (unique ? '&' : '') + spell(on))].join(', '),
    ]),
  );
}

function spell(path: KeyPath): string {
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
