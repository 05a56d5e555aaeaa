import { tableNames } from '../schema.ts';
import type { Store } from '../store.ts';
import { anyTable } from './anyTable.ts';

/** Marks the store as being filled; readable while locked. */
const MARK = 'restore';

export async function beginLoading(store: Store, now: number): Promise<void> {
  await clearStore(store);
  await store.backupMetadata.put({ backupId: MARK, backupType: 'full', createdAt: now, status: 'running' });
}

/** In the transaction that makes the restored account. Table: `backupMetadata`. */
export const endLoading = async (store: Store): Promise<void> => store.backupMetadata.delete(MARK);

/** Takes away what a restore left that did not get to its end. Works while locked. */
export async function clearUnfinishedLoad(store: Store): Promise<void> {
  if ((await store.backupMetadata.get(MARK)) !== undefined) await clearStore(store);
}

async function clearStore(store: Store): Promise<void> {
  const all = tableNames.filter((name) => name !== 'schemaMigrations');
  await store.tx('load', all, async () => {
    for (const name of all) await anyTable(store, name).clear();
  });
}
