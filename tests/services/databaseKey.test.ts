import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unwrap } from '../../src/lib/core/result.ts';
import { loadKeyRow, saveWrappedKey } from '../../src/lib/db/keyStore.ts';
import type { KeyStoreRow, Store } from '../../src/lib/db/store.ts';
import { DATABASE_KEY, wrapDatabaseKey } from '../../src/lib/services/databaseKey.ts';
import { openDatabaseKey } from '../../src/lib/services/openingDatabaseKey.ts';
import { unlockedStore } from '../db/disks.ts';
import { countingRandom, NOW, standingClock } from '../db/fixtures.ts';

const PASSPHRASE = 'correct horse battery';
const key = new Uint8Array(32).fill(9);
const random = countingRandom();
let store: Store;
const ports = () => ({ store, random, clock: standingClock() });

/** A vault of either kind, and what is stored of it. */
async function vault(wasm: boolean): Promise<KeyStoreRow> {
  if (!wasm) vi.stubGlobal('WebAssembly', undefined);
  await saveWrappedKey(store, unwrap(await wrapDatabaseKey(random, PASSPHRASE, key)), NOW);
  vi.unstubAllGlobals();
  return (await loadKeyRow(store, DATABASE_KEY)) as KeyStoreRow;
}

const openingWith = async (row: KeyStoreRow, passphrase = PASSPHRASE): Promise<string> => {
  await store.keyStore.put(row);
  const opened = await openDatabaseKey(ports(), passphrase);
  return opened.ok ? 'opens' : opened.error.code;
};

beforeEach(async () => {
  store = await unlockedStore();
});
afterEach(() => vi.unstubAllGlobals());

describe.each([
  ['Argon2id', true],
  ['PBKDF2, made where WebAssembly was off', false],
] as const)('a vault by %s', (_name, wasm) => {
  it('opens with its passphrase and no other', async () => {
    const row = await vault(wasm);
    expect(row.kdf?.['algorithm']).toBe(wasm ? 'argon2id' : 'pbkdf2-sha256');
    expect(unwrap(await openDatabaseKey(ports(), PASSPHRASE)).databaseKey).toEqual(key);
    expect(await openingWith(row, 'correct horse')).toBe('wrong-passphrase');
    expect(await openingWith(row, '')).toBe('wrong-passphrase');
  });

  it('opens wherever the browser stands on WebAssembly now', async () => {
    const row = await vault(wasm);
    vi.stubGlobal('WebAssembly', undefined);
    expect(await openingWith(row)).toBe('opens');
  });

  it('does not open with any of its parameters changed, lowered or not', async () => {
    const row = await vault(wasm);
    const kdf = row.kdf ?? {};
    const changes: Record<string, unknown>[] = Object.entries(kdf).flatMap(([name, value]) => {
      const { [name]: _gone, ...rest } = kdf;
      const others =
        typeof value === 'number'
          ? [value - 1, value + 1, 0, 1, -value, 2 ** 40, value + 0.5, String(value)].filter((other) => other !== value)
          : value instanceof Uint8Array
            ? [value.with(0, (value[0] ?? 0) ^ 1), value.slice(1), new Uint8Array(16), new Uint8Array(), 'salt']
            : ['pbkdf2-sha256', 'argon2id', 'argon2d', 'none', ''].filter((word) => word !== value);
      return [rest, ...others.map((other) => ({ ...kdf, [name]: other }))];
    });
    const foreign = [
      {},
      { ...kdf, more: 1 },
      { algorithm: 'pbkdf2-sha256', iterations: 1, salt: kdf['salt'] },
      { algorithm: 'pbkdf2-sha256', iterations: 600_000, salt: new Uint8Array(16) },
      { algorithm: 'argon2id', memoryKiB: 8, passes: 1, lanes: 1, salt: kdf['salt'] },
    ];
    for (const changed of [...changes, ...foreign]) {
      const told = JSON.stringify(changed);
      expect(await openingWith({ ...row, kdf: changed }), told).toMatch(/^(damaged-vault|wrong-passphrase)$/);
    }
    const { kdf: _kdf, ...without } = row;
    expect(await openingWith(without)).toBe('damaged-vault');
    expect(await openingWith(row)).toBe('opens');
  });

  it('is never derived below the floor, not even from parameters that were wrapped so', async () => {
    const row = await vault(wasm);
    const weaker = wasm ? { memoryKiB: 65_535 } : { iterations: 599_999 };
    expect(await openingWith({ ...row, kdf: { ...row.kdf, ...weaker } })).toBe('damaged-vault');
  });
});

it('a wrapped key does not open cut, altered or in the place of another', async () => {
  const row = await vault(false);
  const wrapped = row.encryptedKey ?? new Uint8Array();
  for (const at of [0, 23, 24, wrapped.length - 17, wrapped.length - 1]) {
    const altered = wrapped.with(at, (wrapped[at] ?? 0) ^ 1);
    expect(await openingWith({ ...row, encryptedKey: altered }), `byte ${at}`).toBe('wrong-passphrase');
  }
  for (const length of [0, 24, 40, wrapped.length - 1]) {
    expect(await openingWith({ ...row, encryptedKey: wrapped.slice(0, length) })).toBe('wrong-passphrase');
  }
  expect(await openingWith(row)).toBe('opens');
});
