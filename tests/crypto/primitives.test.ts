import { gcm } from '@noble/ciphers/aes.js';
import { ed25519 as library } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as librarySha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesFromHex, type Bytes } from '../../src/lib/core/bytes.ts';
import { createSigner, createVerifier, type SignaturePlatform } from '../../src/lib/crypto/platformSignature.ts';
import {
  aesGcmOpen,
  aesGcmSeal,
  ed25519,
  hmacSha256,
  hmacSha256All,
  sha256,
  xchachaOpen,
  xchachaSeal,
} from '../../src/lib/crypto/primitives.ts';
import { flipped, seededRandom } from './senderKeyWorld.ts';

const random = seededRandom('primitives');
const bytes = (length: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => new Uint8Array(array));
const anyBytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((array) => new Uint8Array(array));

describe('AES-256-GCM', () => {
  test("gives the library's bytes, and opens them", () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), anyBytes(200), anyBytes(600), (key, nonce, bound, plaintext) => {
        const sealed = aesGcmSeal(key, nonce, bound, plaintext);
        expect(sealed.join()).toBe(gcm(key, nonce, bound).encrypt(plaintext).join());
        expect(aesGcmOpen(key, nonce, bound, sealed)?.join()).toBe(plaintext.join());
      }),
      { numRuns: 400 },
    );
  });

  test("gives WebCrypto's bytes, also for data in the middle of a buffer and of a megabyte", async () => {
    const whole = random.bytes(1_000_003);
    const plaintext = whole.subarray(3);
    const [key, nonce, bound] = [
      random.bytes(35).subarray(3),
      random.bytes(13).subarray(1),
      random.bytes(18).subarray(1),
    ];
    const theirs = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
    const sealed = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: nonce, additionalData: bound },
      theirs,
      plaintext,
    );
    const ours = aesGcmSeal(key, nonce, bound, plaintext);
    expect(ours.join() === new Uint8Array(sealed).join()).toBe(true);
  });

  test('does not open with one bit flipped in key, nonce, bound data or ciphertext', () => {
    const inputs = [random.bytes(32), random.bytes(12), random.bytes(20)] as const;
    const sealed = aesGcmSeal(...inputs, random.bytes(37));
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), (part, at) => {
        const all = [...inputs, sealed].map((value, index) =>
          index === part ? flipped(value, at % (value.length * 8)) : value,
        );
        const [key, nonce, bound, ciphertext] = all as [Bytes, Bytes, Bytes, Bytes];
        expect(aesGcmOpen(key, nonce, bound, ciphertext)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
    expect(aesGcmOpen(...inputs, sealed.subarray(0, 15))).toBeUndefined();
  });
});

test('XChaCha20-Poly1305 opens only what it sealed', () => {
  const [key, nonce, bound] = [random.bytes(32), random.bytes(24), random.bytes(9)];
  const sealed = xchachaSeal(key, nonce, bound, random.bytes(50));
  expect(xchachaOpen(key, nonce, bound, sealed)).toHaveLength(50);
  expect(xchachaOpen(key, nonce, bound.subarray(1), sealed)).toBeUndefined();
  expect(xchachaOpen(key, nonce, bound, new Uint8Array(3))).toBeUndefined();
});

describe('SHA-256 and HMAC', () => {
  test("give the library's bytes whatever was hashed before", () => {
    fc.assert(
      fc.property(anyBytes(150), fc.array(anyBytes(150), { maxLength: 3 }), (key, messages) => {
        expect(hmacSha256All(key, messages)).toEqual(messages.map((message) => hmac(librarySha256, key, message)));
        expect(sha256(key)).toEqual(librarySha256(key));
      }),
      { numRuns: 300 },
    );
  });

  test('survive a call that went wrong in the middle', () => {
    const key = random.bytes(20);
    const expected = hmac(librarySha256, key, key);
    expect(() => hmacSha256All(random.bytes(64), ['text' as unknown as Bytes])).toThrow('expected Uint8Array');
    expect(hmacSha256(key, key)).toEqual(expected);
  });
});

describe('Ed25519', () => {
  test("signs the library's bytes, also when the array of a key is used for another", () => {
    const key = random.bytes(32);
    for (let i = 0; i < 10; i++) {
      const message = random.bytes(i * 40);
      expect(ed25519.sign(message, key)).toEqual(library.sign(message, key));
      if (i % 3 === 2) key.set(random.bytes(32));
    }
  });

  test('on the platform signs the same and verifies the same', async () => {
    const { privateKey, publicKey } = ed25519.keyPair(random);
    const signer = await createSigner(privateKey);
    const message = random.bytes(77);
    const signature = await signer.sign(message);
    expect(signer.publicKey).toEqual(publicKey);
    expect(signature).toEqual(ed25519.sign(message, privateKey));
    const verify = await createVerifier(publicKey);
    expect(await verify(signature, message)).toBe(true);
    expect(await verify(flipped(signature, 300), message)).toBe(false);
    expect(await verify(signature, flipped(message, 3))).toBe(false);
  });

  test('believes no key of small order and no second spelling of one, whatever the platform says', async () => {
    // R = identity and S = 0 are valid for every message where the key's order isn't looked at.
    const identity = bytesFromHex(`01${'00'.repeat(31)}`) ?? new Uint8Array(0);
    const respelled = bytesFromHex(`ee${'ff'.repeat(30)}7f`) ?? new Uint8Array(0);
    const signature = new Uint8Array(64);
    signature.set(identity);
    const message = random.bytes(10);
    const credulous: SignaturePlatform = {
      signerFor: async () => undefined,
      verifierFor: async () => async () => true,
    };
    for (const key of [identity, respelled]) {
      expect(ed25519.verify(signature, message, key)).toBe(false);
      expect(await (await createVerifier(key))(signature, message)).toBe(false);
      expect(await (await createVerifier(key, credulous))(signature, message)).toBe(false);
    }
    const sound = ed25519.keyPair(random).publicKey;
    expect(await (await createVerifier(sound, credulous))(signature, message)).toBe(true);
  });

  test('without a platform is signed and verified in JavaScript', async () => {
    const none: SignaturePlatform = { signerFor: async () => undefined, verifierFor: async () => undefined };
    const { privateKey, publicKey } = ed25519.keyPair(random);
    const message = random.bytes(30);
    const signature = await (await createSigner(privateKey, none)).sign(message);
    expect(signature).toEqual(library.sign(message, privateKey));
    const verify = await createVerifier(publicKey, none);
    expect(await verify(signature, message)).toBe(true);
    expect(await verify(signature, random.bytes(30))).toBe(false);
  });
});
