import type { SettingRow, Store } from './store.ts';

/** Settings of this device, sealed: one value for each name. The reader says what it expects to find. */

export async function getSetting<T>(store: Store, key: string): Promise<T | undefined> {
  return (await store.settings.get(key))?.value as T | undefined;
}

/** @param value what deterministic CBOR can say. */
export async function setSetting(store: Store, key: string, value: unknown, now: number): Promise<void> {
  await store.tx('rw', ['settings'], async () => {
    const createdAt = (await store.settings.get(key))?.createdAt ?? now;
    await store.settings.put({ key, value, createdAt, updatedAt: now });
  });
}

export async function deleteSetting(store: Store, key: string): Promise<void> {
  await store.settings.delete(key);
}

/** All settings, those changed last first. */
export const listSettings = (store: Store): Promise<SettingRow[]> =>
  Promise.resolve(store.settings.orderBy('updatedAt').reverse().toArray());
