import { equal, type Bytes } from '../core/bytes.ts';
import { refuse } from '../core/result.ts';
import { refuseStorage } from './faults.ts';
import type { KeyStoreRow, Store } from './store.ts';
import type { StoredKdf } from './values.ts';

/**
 * Keys of this device. A wrapped key (of the database, by passphrase, passkey or recovery phrase) lies
 * there as it was wrapped, readable while locked, because it is what unlocks the rest; every other key is
 * sealed. Failed unlocks are counted in clear, because they happen while locked.
 */

export type KeyType = KeyStoreRow['keyType'];

export interface WrappedKey {
  readonly keyId: string;
  readonly keyType: KeyType;
  readonly wrapped: Bytes;
  readonly algorithm: string;
  /** How the wrapping key is derived; the wrapping itself must authenticate it. */
  readonly kdf?: StoredKdf;
}

export async function saveWrappedKey(
  store: Store,
  { keyId, keyType, wrapped, algorithm, kdf }: WrappedKey,
  now: number,
): Promise<void> {
  await store.keyStore.put({
    keyId,
    keyType,
    encryptedKey: wrapped,
    algorithm,
    ...(kdf !== undefined && { kdf }),
    createdAt: now,
    usageCount: 0,
  });
}

/**
 * The same key, wrapped anew, in the place of what was read as `before`; failed unlocks are forgotten.
 * Refused: `not-found`, `torn-state` where it has been wrapped anew meanwhile.
 */
export async function replaceWrappedKey(store: Store, key: WrappedKey, before: Bytes): Promise<void> {
  await store.tx('rw', ['keyStore'], async () => {
    const row = (await store.keyStore.get(key.keyId)) ?? refuseStorage('not-found', { entity: 'keyStore' });
    if (row.encryptedKey === undefined || !equal(row.encryptedKey, before)) {
      refuse({ code: 'torn-state', retry: 'now', detail: `key ${key.keyId}` });
    }
    const { kdf: _old, failedUnlocks: _failures, lastFailedAt: _at, ...kept } = row;
    const { wrapped, algorithm, kdf } = key;
    await store.keyStore.put({ ...kept, encryptedKey: wrapped, algorithm, ...(kdf !== undefined && { kdf }) });
  });
}

/** Stores a key that only the unlocked store can read. Replaces one of the same id. */
export async function saveKey(
  store: Store,
  key: {
    readonly keyId: string;
    readonly keyType: KeyType;
    readonly key: Bytes;
    readonly publicKey?: Bytes;
    readonly algorithm: string;
    readonly expiresAt?: number;
  },
  now: number,
): Promise<void> {
  await store.keyStore.put({ ...key, createdAt: now, usageCount: 0 });
}

export async function loadKeyRow(store: Store, keyId: string): Promise<KeyStoreRow | undefined> {
  return store.keyStore.get(keyId);
}

export const keysOfType = (store: Store, keyType: KeyType): Promise<KeyStoreRow[]> =>
  Promise.resolve(store.keyStore.where('keyType').equals(keyType).toArray());

/** The key, counted as used. Refused: `not-found`, `locked`, and `constraint` on `expiresAt` once it has expired. */
export async function useKey(store: Store, keyId: string, now: number): Promise<KeyStoreRow & { readonly key: Bytes }> {
  return store.tx('rw', ['keyStore'], async () => {
    const row = (await store.keyStore.get(keyId)) ?? refuseStorage('not-found', { entity: 'keyStore' });
    if (!store.isUnlocked) refuseStorage('locked', { entity: 'keyStore' });
    const { key } = row;
    if (key === undefined) return refuseStorage('not-found', { entity: 'keyStore', field: 'key' });
    if (row.expiresAt !== undefined && row.expiresAt <= now) {
      refuseStorage('constraint', { entity: 'keyStore', field: 'expiresAt', detail: 'expired' });
    }
    const used = { ...row, lastUsed: now, usageCount: row.usageCount + 1 };
    await store.keyStore.put(used);
    return { ...used, key };
  });
}

/** Counts a wrong passphrase; works while locked. @returns how many there were in a row. */
export async function recordFailedUnlock(store: Store, keyId: string, now: number): Promise<number> {
  return store.tx('rw', ['keyStore'], async () => {
    const row = (await store.keyStore.get(keyId)) ?? refuseStorage('not-found', { entity: 'keyStore' });
    const failedUnlocks = (row.failedUnlocks ?? 0) + 1;
    await store.keyStore.update(keyId, { failedUnlocks, lastFailedAt: now });
    return failedUnlocks;
  });
}

/** The vault was opened. @returns how many wrong tries went before, and when the last one was. */
export async function recordUnlock(
  store: Store,
  keyId: string,
  now: number,
): Promise<{ readonly failures: number; readonly lastFailedAt?: number }> {
  return store.tx('rw', ['keyStore'], async () => {
    const row = (await store.keyStore.get(keyId)) ?? refuseStorage('not-found', { entity: 'keyStore' });
    await store.keyStore.update(keyId, { failedUnlocks: 0, lastUsed: now, usageCount: row.usageCount + 1 });
    const { failedUnlocks: failures = 0, lastFailedAt } = row;
    return lastFailedAt === undefined ? { failures } : { failures, lastFailedAt };
  });
}

/** Ids of keys whose time is over. */
export async function expiredKeyIds(store: Store, now: number): Promise<string[]> {
  return store.keyStore.where('expiresAt').belowOrEqual(now).primaryKeys();
}

export async function deleteKey(store: Store, keyId: string): Promise<void> {
  await store.keyStore.delete(keyId);
}
