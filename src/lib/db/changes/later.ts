import type { LaterContentRow, Store } from '../store.ts';

/** Keeps what a newer app sent and this one does not know. */
export async function keepForLater(store: Store, row: LaterContentRow): Promise<void> {
  await store.laterContents.put(row);
}

/** What was put aside by an app that knew less than `version`. */
export async function laterContentsBelow(store: Store, version: number): Promise<LaterContentRow[]> {
  return store.laterContents.where('version').below(version).toArray();
}

/** Whether there is any. */
export const hasLaterContents = async (store: Store, version: number): Promise<boolean> =>
  (await store.laterContents.where('version').below(version).count()) > 0;
