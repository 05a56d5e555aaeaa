import type { Table } from 'dexie';
import { faultOf } from '../core/result.ts';

/** The rows that open; a damaged one is left out, so that it takes nothing else with it. For what is only shown. */
export async function openable<Row, Key>(table: Table<Row, Key>): Promise<Row[]> {
  const all = await unlessDamaged(() => table.toArray());
  if (all !== undefined) return all;
  const opened: Row[] = [];
  for (const key of await table.toCollection().primaryKeys()) {
    const row = await unlessDamaged(() => table.get(key));
    if (row !== undefined) opened.push(row);
  }
  return opened;
}

/** The same of the rows with these keys, those that are there. */
export async function openableOf<Row, Key>(table: Table<Row, Key>, keys: readonly Key[]): Promise<Row[]> {
  const all = await unlessDamaged(() => table.bulkGet([...keys]));
  const rows = all ?? (await Promise.all(keys.map((key) => unlessDamaged(() => table.get(key)))));
  return rows.filter((row) => row !== undefined);
}

async function unlessDamaged<T>(read: () => PromiseLike<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (faultOf(thrown)?.code !== 'sealed-value-damaged') throw thrown;
    return undefined;
  }
}
