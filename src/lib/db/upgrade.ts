import type { Dexie, Transaction } from 'dexie';
import { Refusal } from '../core/result.ts';
import { refuseStorage, storageFaultOf } from './faults.ts';
import { storesOf, type Migration, type Plan, type UnlockedStep } from './migrations.ts';
import type { SchemaMigrationRow, StoreTables, TableName } from './schema.ts';
import type { Vault } from './sealing.ts';

/** Takes the store on disk from any earlier version to that of a plan: all steps, or none of them. */
export interface Upgrade {
  /** Tells Dexie what to make or change when it opens. */
  declareOn(db: Dexie): void;
  /**
   * What opening threw, once Dexie has undone everything: writes down which step failed, where that can be,
   * and refuses `migration-failed`. A full disk and a store that can't be reached keep their own codes.
   */
  failed(factory: IDBFactory, name: string, thrown: unknown): Promise<never>;
}

/** @param from version on disk, 0 where there is no store. */
export function createUpgrade(plan: Plan, from: number, now: () => number): Upgrade {
  const ahead = plan.migrations.filter(({ version }) => version > from);
  const last = plan.migrations.at(-1) ?? refuseStorage('unsupported', { detail: 'no version' });
  let running = ahead[0];

  const keepBooks = async (trans: Transaction, migrations: readonly Migration[]): Promise<void> => {
    await trans.table('schemaMigrations').bulkPut(migrations.map((migration) => bookOf(migration, now(), true)));
  };

  return {
    declareOn(db) {
      let before: Readonly<Record<string, string>> = {};
      for (const migration of plan.migrations) {
        const { version, clear } = migration;
        const stores = migration === last ? storesOf(plan.schema) : clear?.stores;
        if (stores === undefined) continue;
        // To Dexie a table that is not named stays.
        const dropped = Object.keys(before).filter((table) => stores[table] === undefined);
        before = stores;
        db.version(version)
          .stores({ ...stores, ...Object.fromEntries(dropped.map((table) => [table, null])) })
          .upgrade(async (trans) => {
            running = migration;
            await clear?.run(trans);
            if (migration === last) await keepBooks(trans, ahead);
          });
      }
      // A store that is made now took no step.
      db.on('populate', (trans) => {
        const made = bookOf(last, now(), true);
        void trans.table('schemaMigrations').add(last.unlocked === undefined ? made : { ...made, unlockedAt: now() });
      });
    },
    async failed(factory, name, thrown) {
      const fault = storageFaultOf(thrown);
      if (from === 0 || running === undefined) throw thrown;
      await recordFailure(factory, name, bookOf(running, now(), false));
      if (fault?.code === 'storage-full' || fault?.code === 'storage-connection') throw new Refusal(fault);
      const cause = fault?.code ?? (thrown instanceof Error ? thrown.name : 'unknown');
      return refuseStorage('migration-failed', {
        detail: `version ${running.version}: ${cause} ${fault?.detail ?? ''}`.trim(),
      });
    },
  };
}

/**
 * See `finishUpgrade` of the store. Two tabs may do it at once: each slice asks first how far it is.
 * @param write runs its work as one transaction over the tables named.
 */
export async function finishUpgrade(
  plan: Plan,
  tables: StoreTables,
  write: <T>(among: readonly TableName[], work: () => Promise<T>) => Promise<T>,
  now: () => number,
  vault: Vault,
): Promise<void> {
  if (vault.sealer === undefined) refuseStorage('locked');
  /** @returns whether there is more to do. */
  const takeSlice = (version: number, step: UnlockedStep): Promise<boolean> =>
    write(['schemaMigrations', ...step.tables], async () => {
      const row = await tables.schemaMigrations.get(version);
      if (row === undefined || row.unlockedAt !== undefined) return false;
      const { resumeAt = '', ...rest } = row;
      const next = await step.slice(tables, resumeAt);
      await tables.schemaMigrations.put(
        next === undefined ? { ...rest, unlockedAt: now() } : { ...rest, resumeAt: next },
      );
      return next !== undefined;
    });
  for (const { version, unlocked } of plan.migrations) {
    if (unlocked === undefined) continue;
    vault.opensFormer = true;
    try {
      while (await takeSlice(version, unlocked));
    } finally {
      vault.opensFormer = false;
    }
  }
}

/** How a step is written down in `schemaMigrations`. */
export const bookOf = (
  { version, description, checksum }: Migration,
  appliedAt: number,
  success: boolean,
): SchemaMigrationRow => ({ version, appliedAt, description, checksum, success });

/** Beneath Dexie, which would upgrade again. A store that takes no note of it stays as it is. */
function recordFailure(factory: IDBFactory, name: string, row: SchemaMigrationRow): Promise<void> {
  return new Promise((resolve) => {
    const request = factory.open(name);
    request.onerror = () => resolve();
    request.onsuccess = () => {
      const db = request.result;
      const done = () => {
        db.close();
        resolve();
      };
      if (!db.objectStoreNames.contains('schemaMigrations')) return done();
      const transaction = db.transaction('schemaMigrations', 'readwrite');
      transaction.objectStore('schemaMigrations').put({ ...row, success: Number(row.success) });
      transaction.oncomplete = done;
      transaction.onabort = done;
    };
  });
}
