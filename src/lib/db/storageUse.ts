import { tableNames, type TableName } from './schema.ts';
import type { Store } from './store.ts';

export interface TableUse {
  readonly table: TableName;
  readonly rows: number;
  /** Estimated from a few rows as they lie on disk. */
  readonly bytes: number;
}

const SAMPLE = 24;

/** How many rows each table has and about how much room they take, the largest first. Empty ones are left out. */
export async function storageUse(store: Store): Promise<TableUse[]> {
  // Beneath the sealing, so that nothing is opened and a damaged row counts like any other.
  const below = await store.beneath();
  try {
    const uses: TableUse[] = [];
    for (const table of tableNames) {
      const rows = await below[table].count();
      if (rows === 0) continue;
      const keys = below[table].toCollection() as { limit(count: number): { toArray(): PromiseLike<unknown[]> } };
      const sample = await keys.limit(SAMPLE).toArray();
      const bytes = sample.reduce((sum: number, row) => sum + sizeOf(row), 0);
      uses.push({ table, rows, bytes: Math.round((bytes / sample.length) * rows) });
    }
    return uses.sort((a, b) => b.bytes - a.bytes);
  } finally {
    below.close();
  }
}

/** Roughly what a value takes in the browser's files: text as two bytes a character, names included. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 2;
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item), 8);
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).reduce((sum, [name, item]) => sum + name.length + sizeOf(item), 8);
  return 8;
}
