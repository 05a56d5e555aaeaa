import { describe, expect, it } from 'vitest';
import { bytesFromHex, type Bytes } from '../../../src/lib/core/bytes.ts';
import { nobleMlKem768, type MlKem768 } from '../../../src/lib/crypto/mls/provider/mlKem768.ts';
import { chooseMlKem768, webMlKem768 } from '../../../src/lib/crypto/mls/provider/platformMlKem768.ts';
import { createXWing } from '../../../src/lib/crypto/mls/provider/xWing.ts';
import { seeded } from './world.ts';

const web = webMlKem768(globalThis.crypto.subtle);
const native = createXWing(web);
const script = createXWing(nobleMlKem768);
const hex = (digits: string): Bytes => bytesFromHex(digits) ?? new Uint8Array();

describe("X-Wing with the platform's ML-KEM-768", () => {
  it('is what Node 24 gets', async () => {
    expect(await chooseMlKem768(web)).toBe(web);
  });

  it('makes the same keys, and each opens what the other sealed', async () => {
    const random = seeded('native');
    for (let round = 0; round < 20; round++) {
      const privateKey = random.bytes(32);
      const publicKey = await native.publicKeyOf(privateKey);
      expect(publicKey).toEqual(await script.publicKeyOf(privateKey));
      for (const [from, to] of [
        [native, script],
        [script, native],
        [native, native],
      ] as const) {
        const { encapsulated, sharedSecret } = await from.encapsulate(publicKey, random.bytes(64));
        expect(await to.decapsulate(privateKey, encapsulated)).toEqual(sharedSecret);
        // Implicit rejection gives the same answer on both sides too.
        encapsulated[round] = (encapsulated[round] ?? 0) ^ 1;
        expect(await to.decapsulate(privateKey, encapsulated)).toEqual(
          await from.decapsulate(privateKey, encapsulated),
        );
      }
    }
  });

  it('draws a new secret each time, whatever chance it is handed', async () => {
    const publicKey = await native.publicKeyOf(seeded('chance').bytes(32));
    const [one, other] = [
      await native.encapsulate(publicKey, new Uint8Array(64).fill(1)),
      await native.encapsulate(publicKey, new Uint8Array(64).fill(1)),
    ];
    expect(one.sharedSecret).not.toEqual(other.sharedSecret);
  });

  it('refuses a public key that is not reduced, and what has another length', async () => {
    const privateKey = seeded('refused').bytes(32);
    const publicKey = await native.publicKeyOf(privateKey);
    const unreduced = publicKey.slice();
    unreduced.set([0xff, 0xff, 0xff], 600);
    await expect(native.encapsulate(unreduced, new Uint8Array(64))).rejects.toThrow(RangeError);
    await expect(native.encapsulate(publicKey.subarray(1), new Uint8Array(64))).rejects.toThrow();
    const { encapsulated } = await native.encapsulate(publicKey, new Uint8Array(64));
    await expect(native.decapsulate(privateKey, encapsulated.subarray(1))).rejects.toThrow();
  });

  it('opens the first test vector of draft-connolly-cfrg-xwing-kem, Appendix C', async () => {
    const privateKey = hex('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26');
    const entropy = hex(
      '3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2' +
        '35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2',
    );
    const secret = hex('d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384');
    const { encapsulated, sharedSecret } = await script.encapsulate(await native.publicKeyOf(privateKey), entropy);
    expect(sharedSecret).toEqual(secret);
    expect(await native.decapsulate(privateKey, encapsulated)).toEqual(secret);
  });
});

describe("JavaScript's stands in", () => {
  const flawed = (change: Partial<MlKem768>): MlKem768 => ({ ...nobleMlKem768, ...change });
  const otherBytes = (bytes: Bytes): Bytes => bytes.map((byte) => byte ^ 1);

  it.each<[string, MlKem768]>([
    ['outside a secure context', webMlKem768(undefined)],
    ['where the platform knows no ML-KEM', webMlKem768({ importKey: () => Promise.reject(new Error('no')) } as never)],
    ['where a seed makes another key', flawed({ keyPair: (seed) => nobleMlKem768.keyPair(otherBytes(seed)) })],
    [
      'where what is encapsulated opens to something else',
      flawed({
        async encapsulate(publicKey, message) {
          const made = await nobleMlKem768.encapsulate(publicKey, message);
          return { ...made, sharedSecret: otherBytes(made.sharedSecret) };
        },
      }),
    ],
    [
      'where ours is opened to something else',
      flawed({
        async keyPair(seed) {
          const pair = await nobleMlKem768.keyPair(seed);
          return { ...pair, decapsulate: async (ciphertext) => otherBytes(await pair.decapsulate(ciphertext)) };
        },
      }),
    ],
  ])('%s', async (_where, candidate) => {
    expect(await chooseMlKem768(candidate)).toBe(nobleMlKem768);
  });
});
