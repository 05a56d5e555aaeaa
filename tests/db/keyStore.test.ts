import { describe, expect, it } from 'vitest';
import {
  deleteKey,
  expiredKeyIds,
  keysOfType,
  loadKeyRow,
  recordFailedUnlock,
  recordUnlock,
  saveKey,
  saveWrappedKey,
  useKey,
} from '../../src/lib/db/keyStore.ts';
import { lockedStore, newDisk, unlockedStore } from './disks.ts';
import { faultFrom, NOW } from './fixtures.ts';

const wrapped = {
  keyId: 'database',
  keyType: 'database' as const,
  wrapped: new Uint8Array([1, 2, 3]),
  algorithm: 'xchacha20-poly1305',
  kdf: { algorithm: 'argon2id', memoryKiB: 65536, salt: new Uint8Array(16) },
};

describe('the wrapped database key', () => {
  it('is read while locked, with what is needed to unwrap it', async () => {
    const disk = newDisk();
    await saveWrappedKey(await unlockedStore(disk), wrapped, NOW);
    const locked = await lockedStore(disk);
    expect(await loadKeyRow(locked, 'database')).toMatchObject({
      encryptedKey: wrapped.wrapped,
      kdf: wrapped.kdf,
      usageCount: 0,
    });
  });

  it('counts wrong tries while locked, until the right one', async () => {
    const disk = newDisk();
    const open = await unlockedStore(disk);
    await saveWrappedKey(open, wrapped, NOW);
    const locked = await lockedStore(disk);
    expect(await recordFailedUnlock(locked, 'database', NOW + 1)).toBe(1);
    expect(await recordFailedUnlock(locked, 'database', NOW + 2)).toBe(2);
    expect(await loadKeyRow(open, 'database')).toMatchObject({ failedUnlocks: 2, lastFailedAt: NOW + 2 });
    expect(await recordUnlock(open, 'database', NOW + 3)).toEqual({ failures: 2, lastFailedAt: NOW + 2 });
    expect(await recordUnlock(open, 'database', NOW + 4)).toEqual({ failures: 0, lastFailedAt: NOW + 2 });
    expect(await loadKeyRow(open, 'database')).toMatchObject({
      usageCount: 2,
      lastUsed: NOW + 4,
      encryptedKey: wrapped.wrapped,
    });
    expect(await faultFrom(recordFailedUnlock(locked, 'nothing', NOW))).toMatchObject({ code: 'not-found' });
  });
});

describe('other keys', () => {
  const identity = {
    keyId: 'identity',
    keyType: 'identity' as const,
    key: new Uint8Array(32).fill(4),
    publicKey: new Uint8Array(32).fill(5),
    algorithm: 'ed25519',
  };

  it('are sealed, and counted as they are used', async () => {
    const disk = newDisk();
    const store = await unlockedStore(disk);
    await saveKey(store, identity, NOW);
    const used = await useKey(store, 'identity', NOW + 1);
    expect(used).toMatchObject({ key: identity.key, publicKey: identity.publicKey, usageCount: 1, lastUsed: NOW + 1 });
    const locked = await lockedStore(disk);
    expect(await loadKeyRow(locked, 'identity')).not.toHaveProperty('key');
    expect(await faultFrom(useKey(locked, 'identity', NOW))).toMatchObject({ code: 'locked' });
  });

  it('are not used once they have expired', async () => {
    const store = await unlockedStore();
    await saveKey(store, { ...identity, keyId: 'backup', keyType: 'backup', expiresAt: NOW + 10 }, NOW);
    await useKey(store, 'backup', NOW + 9);
    expect(await expiredKeyIds(store, NOW + 9)).toEqual([]);
    expect(await faultFrom(useKey(store, 'backup', NOW + 10))).toMatchObject({
      code: 'constraint',
      field: 'expiresAt',
    });
    expect(await expiredKeyIds(store, NOW + 10)).toEqual(['backup']);
  });

  it('are found by type and deleted', async () => {
    const store = await unlockedStore();
    await saveKey(store, identity, NOW);
    await saveWrappedKey(store, wrapped, NOW);
    expect((await keysOfType(store, 'identity')).map((row) => row.keyId)).toEqual(['identity']);
    expect(await faultFrom(useKey(store, 'database', NOW))).toMatchObject({ code: 'not-found', field: 'key' });
    await deleteKey(store, 'identity');
    expect(await faultFrom(useKey(store, 'identity', NOW))).toMatchObject({ code: 'not-found' });
  });
});
