import { afterEach, describe, expect, test, vi } from 'vitest';
import { hexFromBytes, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import {
  boundToKdf,
  defaultKdf,
  kdfFromValue,
  masterKeyFromPassphrase,
  unwrapKey,
  valueFromKdf,
  wasmRuns,
  wrapKey,
  type KdfParameters,
} from '../../src/lib/crypto/vault.ts';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';
import { flipped, seededRandom } from './senderKeyWorld.ts';

const random = seededRandom('vault');
const salt = random.bytes(16);
const argon: KdfParameters = { algorithm: 'argon2id', memoryKiB: 65_536, passes: 3, lanes: 1, salt };
const pbkdf2: KdfParameters = { algorithm: 'pbkdf2-sha256', iterations: 600_000, salt };

async function masterKey(passphrase: string, kdf: KdfParameters): Promise<Bytes> {
  const key = await masterKeyFromPassphrase(passphrase, kdf);
  if (!key.ok) throw new Error(key.error.code);
  return key.value;
}

afterEach(() => vi.unstubAllGlobals());

describe('a new vault', () => {
  test('uses Argon2id where WebAssembly runs, and PBKDF2 where it does not', () => {
    expect(defaultKdf(random, true)).toMatchObject({ algorithm: 'argon2id', memoryKiB: 65_536, passes: 3, lanes: 1 });
    expect(defaultKdf(random, false)).toMatchObject({ algorithm: 'pbkdf2-sha256', iterations: 600_000 });
    expect(defaultKdf(random, true).salt).not.toEqual(defaultKdf(random, true).salt);
  });

  test('is told whether WebAssembly runs', () => {
    expect(wasmRuns()).toBe(true);
    vi.stubGlobal('WebAssembly', undefined);
    expect(wasmRuns()).toBe(false);
    const forbidden = class {
      constructor() {
        throw new Error('content policy');
      }
    };
    vi.stubGlobal('WebAssembly', { Module: forbidden });
    expect(wasmRuns()).toBe(false);
  });
});

describe('the master key', () => {
  test('is Argon2id of the passphrase, with WebAssembly or without', async () => {
    const kdf = { ...argon, salt: new Uint8Array(16).fill(7) };
    const reference = '7b985d8fa00c9eccccf918c8cb9feaa8036af381caf6f498e099b5b849b8c18a';
    expect(hexFromBytes(await masterKey('correct horse', kdf))).toBe(reference);
    vi.stubGlobal('WebAssembly', undefined);
    expect(hexFromBytes(await masterKey('correct horse', kdf))).toBe(reference);
  });

  test('is PBKDF2 of the passphrase, with WebCrypto or without', async () => {
    const key = await masterKey('correct horse', pbkdf2);
    vi.stubGlobal('crypto', undefined);
    expect(await masterKey('correct horse', pbkdf2)).toEqual(key);
  });

  test('is the same however the keyboard composes the letters', async () => {
    expect(await masterKey('ﬁne café', pbkdf2)).toEqual(await masterKey('fine cafe\u0301', pbkdf2));
  });

  test('is refused below the floor, above what a device can bear, and for an empty passphrase', async () => {
    const refused: [string, KdfParameters, string][] = [
      ['kdf-too-weak', { ...argon, memoryKiB: 65_535 }, 'x'],
      ['kdf-too-weak', { ...argon, passes: 2 }, 'x'],
      ['kdf-too-weak', { ...pbkdf2, iterations: 599_999 }, 'x'],
      ['kdf-too-costly', { ...argon, memoryKiB: 2 ** 31 }, 'x'],
      ['kdf-too-costly', { ...pbkdf2, iterations: 2 ** 40 }, 'x'],
      ['empty-passphrase', argon, ''],
    ];
    for (const [code, kdf, passphrase] of refused) {
      const key = await masterKeyFromPassphrase(passphrase, kdf);
      expect(!key.ok && key.error.code).toBe(code);
    }
  });
});

describe('a wrapped key', () => {
  const key = random.bytes(32);
  const master = random.bytes(32);
  const bound = boundToKdf('database', argon);

  test('comes out under the same master key and parameters only', () => {
    const wrapped = wrapKey(master, key, bound, random);
    expect(unwrapKey(master, wrapped, bound)).toEqual(key);
    expect(unwrapKey(random.bytes(32), wrapped, bound)).toBeUndefined();
    expect(unwrapKey(master, wrapped, boundToKdf('backup', argon))).toBeUndefined();
    for (const changed of [{ ...argon, passes: 4 }, { ...argon, memoryKiB: 131_072 }, pbkdf2]) {
      expect(unwrapKey(master, wrapped, boundToKdf('database', changed))).toBeUndefined();
    }
  });

  test('does not come out damaged', () => {
    const wrapped = wrapKey(master, key, bound, random);
    for (let bit = 0; bit < wrapped.length * 8; bit += 7) {
      expect(unwrapKey(master, flipped(wrapped, bit), bound)).toBeUndefined();
    }
    expect(unwrapKey(master, wrapped.subarray(0, 30), bound)).toBeUndefined();
  });

  test('holds the key nowhere in the clear', () => {
    expect(hexFromBytes(wrapKey(master, key, bound, random))).not.toContain(hexFromBytes(key));
  });
});

test('parameters come back from storage the same, and nothing else does', () => {
  for (const kdf of [argon, pbkdf2]) expect(kdfFromValue(valueFromKdf(kdf))).toEqual({ ok: true, value: kdf });
  expect(cborFromValue(valueFromKdf(argon))).toBeInstanceOf(Uint8Array);
  const bad = [undefined, {}, { ...argon, lanes: 2 }, { ...argon, salt: utf8('short') }, { ...pbkdf2, passes: 3 }];
  for (const value of bad) expect(kdfFromValue(value).ok).toBe(false);
});
