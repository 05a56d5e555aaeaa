import type { Plan } from '../migrations.ts';
import type { Store } from '../store.ts';
import { bookOf } from '../upgrade.ts';
import type { AnyRow } from '../validation.ts';
import { restorableTable } from './load.ts';
import type { TableName } from '../schema.ts';

/** What a backup holds, as the version of the tables says that it was made with. */
export interface OlderRows {
  /**
   * The table by the name it has now; `undefined` where what is in it is not needed any more.
   * Refused: `unsupported` where there never was such a table, or it is never restored.
   */
  table(name: string): TableName | undefined;
  /** The row as the present tables take it. */
  row(table: TableName, row: AnyRow): AnyRow;
}

/**
 * Brings rows of a backup up to the present tables, one version after the other.
 * @param from version of the tables that the backup was made with.
 */
export function rowsSince(plan: Plan, from: number): OlderRows {
  const steps = plan.migrations.filter(({ version }) => version > from).flatMap(({ restored }) => restored ?? []);
  return {
    table(name) {
      let now: string | undefined = name;
      for (const step of steps) now = now === undefined || step.table === undefined ? now : step.table(now);
      return now === undefined ? undefined : restorableTable(now);
    },
    row: (table, row) => steps.reduce((one, step) => step.row?.(table, one) ?? one, row),
  };
}

/**
 * Notes that the rows in this store come from an earlier version: what each later one leaves until the store
 * is unlocked is to be done by `finishUpgrade`, as in a store that was upgraded.
 */
export async function expectUpgrade(store: Store, from: number): Promise<void> {
  const later = store.plan.migrations.filter(({ version, unlocked }) => version > from && unlocked !== undefined);
  await store.schemaMigrations.bulkPut(later.map((migration) => bookOf(migration, store.clock.now(), true)));
}
