import type { Store } from './store.ts';

/** The value under `key`, or `undefined`. Whoever names the type is who set it. */
export async function getSetting<T>(store: Store, key: string): Promise<T | undefined> {
  return (await store.settings.get(key))?.value as T | undefined;
}

/** Keeps `value`, anything that deterministic CBOR can say, under `key`. */
export async function setSetting(store: Store, key: string, value: unknown, now: number): Promise<void> {
  const known = await store.settings.get(key);
  await store.settings.put({ key, value, createdAt: known?.createdAt ?? now, updatedAt: now });
}
