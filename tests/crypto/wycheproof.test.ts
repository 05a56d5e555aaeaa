import { existsSync, readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { bytesFromHex, hexFromBytes, type Bytes } from '../../src/lib/core/bytes.ts';
import { webAesGcm } from '../../src/lib/crypto/mls/provider/aesGcmWeb.ts';
import { hashWith, kdfWith } from '../../src/lib/crypto/mls/provider/hash.ts';
import { nobleMlKem768 } from '../../src/lib/crypto/mls/provider/mlKem768.ts';
import { webMlKem768 } from '../../src/lib/crypto/mls/provider/platformMlKem768.ts';
import { nobleX25519, x25519 } from '../../src/lib/crypto/mls/provider/x25519.ts';
import { createVerifier } from '../../src/lib/crypto/platformSignature.ts';
import {
  aesGcmOpen,
  aesGcmSeal,
  ed25519,
  hkdfSha256,
  hmacSha256,
  hmacSha256All,
  xchachaOpen,
  xchachaSeal,
} from '../../src/lib/crypto/primitives.ts';
import { pbkdf2Sha256 } from '../../src/lib/crypto/vault.ts';

/** Project Wycheproof's vectors through our own functions: what a wrapper gets wrong is found here. */
const FOLDER = new URL('../../../shared/vectors/wycheproof/', import.meta.url);
const isThere = existsSync(FOLDER);
if (!isThere) console.warn(`NOT CHECKED: no Wycheproof vectors in ${FOLDER.pathname}`);

interface Group {
  readonly [field: string]: unknown;
  readonly tests: readonly Vector[];
}
interface Vector {
  readonly [field: string]: unknown;
  readonly tcId: number;
  readonly comment: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

function groupsOf(name: string): readonly Group[] {
  const file = JSON.parse(readFileSync(new URL(`${name}_test.json`, FOLDER), 'utf8')) as { testGroups: Group[] };
  return file.testGroups;
}

/** A field of hex digits as bytes. */
function hex(holder: { readonly [field: string]: unknown }, field: string): Bytes {
  const value = holder[field];
  const bytes = typeof value === 'string' ? bytesFromHex(value) : undefined;
  if (bytes === undefined) throw new Error(`no bytes in ${field}`);
  return bytes;
}

const name = (vector: Vector): string => `#${vector.tcId} ${vector.comment}`;

afterEach(() => vi.unstubAllGlobals());

describe.skipIf(!isThere)('Wycheproof', () => {
  const aeads = [
    { file: 'aes_gcm', ivSize: 96, seal: aesGcmSeal, open: aesGcmOpen, least: 60 },
    { file: 'xchacha20_poly1305', ivSize: 192, seal: xchachaSeal, open: xchachaOpen, least: 200 },
  ];
  for (const { file, ivSize, seal, open, least } of aeads) {
    test(file, () => {
      let checked = 0;
      for (const group of groupsOf(file)) {
        if (group['keySize'] !== 256 || group['ivSize'] !== ivSize || group['tagSize'] !== 128) continue;
        for (const vector of group.tests) {
          const [key, nonce, bound] = [hex(vector, 'key'), hex(vector, 'iv'), hex(vector, 'aad')];
          const sealed = new Uint8Array([...hex(vector, 'ct'), ...hex(vector, 'tag')]);
          const opened = open(key, nonce, bound, sealed);
          checked++;
          if (vector.result !== 'valid') {
            expect(opened, name(vector)).toBeUndefined();
            continue;
          }
          expect(opened, name(vector)).toEqual(hex(vector, 'msg'));
          expect(seal(key, nonce, bound, hex(vector, 'msg')), name(vector)).toEqual(sealed);
        }
      }
      expect(checked).toBeGreaterThan(least);
    });
  }

  for (const [keySize, least] of [
    [128, 60],
    [256, 60],
  ] as const) {
    test(`aes_gcm of ${keySize} bits on the platform, as the suites of MLS use it`, async () => {
      const { seal, open } = webAesGcm(keySize / 8);
      let checked = 0;
      for (const group of groupsOf('aes_gcm')) {
        if (group['keySize'] !== keySize || group['ivSize'] !== 96 || group['tagSize'] !== 128) continue;
        for (const vector of group.tests) {
          const [key, nonce, bound] = [hex(vector, 'key'), hex(vector, 'iv'), hex(vector, 'aad')];
          const sealed = new Uint8Array([...hex(vector, 'ct'), ...hex(vector, 'tag')]);
          checked++;
          if (vector.result !== 'valid') {
            await expect(open(key, nonce, bound, sealed), name(vector)).rejects.toThrow();
            continue;
          }
          expect(await open(key, nonce, bound, sealed), name(vector)).toEqual(hex(vector, 'msg'));
          expect(await seal(key, nonce, bound, hex(vector, 'msg')), name(vector)).toEqual(sealed);
        }
      }
      expect(checked).toBeGreaterThan(least);
    });
  }

  test('keys and nonces of another length are refused, never padded or cut', () => {
    let checked = 0;
    for (const { file, ivSize, seal, open } of aeads) {
      for (const group of groupsOf(file)) {
        if (group['keySize'] === 256 && group['ivSize'] === ivSize) continue;
        for (const vector of group.tests) {
          const [key, nonce, bound] = [hex(vector, 'key'), hex(vector, 'iv'), hex(vector, 'aad')];
          expect(() => seal(key, nonce, bound, hex(vector, 'msg')), `${file} ${name(vector)}`).toThrow(RangeError);
          expect(() => open(key, nonce, bound, new Uint8Array(32)), `${file} ${name(vector)}`).toThrow(RangeError);
          checked++;
        }
      }
    }
    expect(checked).toBeGreaterThan(200);
  });

  test('ed25519, in JavaScript and on the platform', async () => {
    let checked = 0;
    for (const group of groupsOf('ed25519')) {
      const publicKey = hex(group['publicKey'] as Record<string, unknown>, 'pk');
      const verify = await createVerifier(publicKey);
      for (const vector of group.tests) {
        const [signature, message] = [hex(vector, 'sig'), hex(vector, 'msg')];
        expect(ed25519.verify(signature, message, publicKey), name(vector)).toBe(vector.result === 'valid');
        expect(await verify(signature, message), name(vector)).toBe(vector.result === 'valid');
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(140);
  });

  test('hkdf_sha256', () => {
    for (const group of groupsOf('hkdf_sha256')) {
      for (const vector of group.tests) {
        const derive = (): Bytes =>
          hkdfSha256(hex(vector, 'ikm'), hex(vector, 'salt'), hex(vector, 'info'), Number(vector['size']));
        if (vector.result === 'valid') expect(derive(), name(vector)).toEqual(hex(vector, 'okm'));
        else expect(derive, name(vector)).toThrow();
      }
    }
  });

  test('hkdf_sha256, as the suites of MLS use it', async () => {
    const kdf = kdfWith(sha256);
    for (const group of groupsOf('hkdf_sha256')) {
      for (const vector of group.tests) {
        const secret = await kdf.extract(hex(vector, 'salt'), hex(vector, 'ikm'));
        const derived = kdf.expand(secret, hex(vector, 'info'), Number(vector['size']));
        if (vector.result === 'valid') expect(await derived, name(vector)).toEqual(hex(vector, 'okm'));
        else await expect(derived, name(vector)).rejects.toThrow();
      }
    }
  });

  test('hmac_sha256, many under one key and as the suites of MLS use it', async () => {
    const hash = hashWith(sha256);
    for (const group of groupsOf('hmac_sha256')) {
      const whole = group['tagSize'] === 256;
      for (const vector of group.tests) {
        const [key, message, tag] = [hex(vector, 'key'), hex(vector, 'msg'), hex(vector, 'tag')];
        const isValid = vector.result === 'valid';
        for (const code of [...hmacSha256All(key, [message, message]), await hash.mac(key, message)]) {
          expect(hexFromBytes(code.slice(0, tag.length)) === vector['tag'], name(vector)).toBe(isValid);
        }
        if (whole) expect(await hash.verifyMac(key, tag, message), name(vector)).toBe(isValid);
      }
    }
  });

  test('hmac_sha256', () => {
    for (const group of groupsOf('hmac_sha256')) {
      for (const vector of group.tests) {
        const code = hmacSha256(hex(vector, 'key'), hex(vector, 'msg')).subarray(0, Number(group['tagSize']) / 8);
        expect(hexFromBytes(code) === vector['tag'], name(vector)).toBe(vector.result === 'valid');
      }
    }
  });

  test.each(['on the platform', 'in JavaScript'])('pbkdf2_hmacsha256, %s', async (where) => {
    if (where === 'in JavaScript') vi.stubGlobal('crypto', undefined);
    for (const group of groupsOf('pbkdf2_hmacsha256')) {
      for (const vector of group.tests) {
        const rounds = Number(vector['iterationCount']);
        const key = await pbkdf2Sha256(hex(vector, 'password'), hex(vector, 'salt'), rounds, Number(vector['dkLen']));
        expect(hexFromBytes(key) === vector['dk'], name(vector)).toBe(vector.result === 'valid');
      }
    }
  });

  test('x25519, in JavaScript and on the platform: every point but those of small order', async () => {
    let checked = 0;
    for (const group of groupsOf('x25519')) {
      for (const vector of group.tests) {
        const [privateKey, point] = [hex(vector, 'private'), hex(vector, 'public')];
        const isZero = /^0+$/.test(String(vector['shared']));
        for (const { shared } of [nobleX25519, x25519]) {
          if (isZero) await expect(shared(privateKey, point), name(vector)).rejects.toThrow();
          else expect(await shared(privateKey, point), name(vector)).toEqual(hex(vector, 'shared'));
        }
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(500);
  });

  test.each([
    ["JavaScript's", nobleMlKem768],
    ["the platform's", webMlKem768(globalThis.crypto.subtle)],
  ])('mlkem_768, %s, as the hybrid suite of MLS uses it', async (_whose, mlKem) => {
    let checked = 0;
    for (const group of groupsOf('mlkem_768')) {
      for (const vector of group.tests) {
        const decapsulated = (async () => {
          const pair = await mlKem.keyPair(hex(vector, 'seed'));
          return pair.decapsulate(hex(vector, 'c'));
        })();
        checked++;
        if (vector.result === 'valid') expect(await decapsulated, name(vector)).toEqual(hex(vector, 'K'));
        else await expect(decapsulated, name(vector)).rejects.toThrow();
      }
    }
    expect(checked).toBeGreaterThan(190);
  });
});
