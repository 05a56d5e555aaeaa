import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/core/bytes.ts';
import { createSigner, createVerifier } from '../../src/lib/crypto/platformSignature.ts';
import { ed25519 } from '../../src/lib/crypto/primitives.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { authenticateRun } from '../../src/lib/crypto/senderKey/authenticate.ts';
import { openAuthenticated, openRun } from '../../src/lib/crypto/senderKey/open.ts';
import { draftRecord, signDraft } from '../../src/lib/crypto/senderKey/seal.ts';
import { masterKeyFromPassphrase, wasmRuns, type KdfParameters } from '../../src/lib/crypto/vault.ts';
import { flipped, messageId, NOW, plaintext, sealMany, seededRandom, world } from './senderKeyWorld.ts';

/** What Node can't show: the same code on a browser's own cryptography. */

const random = seededRandom('browser');

describe('signatures of the browser', () => {
  test('are the bytes that JavaScript signs, and are verified alike', async () => {
    const { privateKey } = ed25519.keyPair(random);
    const signer = await createSigner(privateKey);
    const verify = await createVerifier(signer.publicKey);
    for (let i = 0; i < 20; i++) {
      const message = random.bytes(i * 30);
      const signature = await signer.sign(message);
      expect(signature).toEqual(ed25519.sign(message, privateKey));
      expect(await verify(signature, message)).toBe(true);
      expect(await verify(flipped(signature, i * 25), message)).toBe(false);
    }
  });

  test('are not believed under a key of small order or one that is none', async () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    const signature = new Uint8Array(64);
    signature[0] = 1;
    expect(await (await createVerifier(identity))(signature, utf8('x'))).toBe(false);
    expect(await (await createVerifier(new Uint8Array(32).fill(255)))(signature, utf8('x'))).toBe(false);
  });
});

test('a run sealed and authenticated in the browser opens as one in JavaScript does', async () => {
  const { ana } = world();
  const { records } = sealMany(ana, 4);
  const signer = await createSigner(ana.keys.privateKey);
  const draft = draftRecord(ana.chain, messageId(0), plaintext(0));
  expect(await signDraft(draft, signer)).toEqual(records[0]);
  const run = [...records.slice(1), flipped(draft.unsigned, 900)];
  const opened = openAuthenticated(ana.chain, await authenticateRun(ana.chain, run), NOW);
  expect(opened).toEqual(openRun(ana.chain, run, NOW));
  expect(opened.results.map((result) => result.ok)).toEqual([true, true, true, false]);
});

test('a vault made in Node opens in the browser', async () => {
  expect(wasmRuns()).toBe(true);
  const salt = new Uint8Array(16).fill(7);
  const argon: KdfParameters = { algorithm: 'argon2id', memoryKiB: 65_536, passes: 3, lanes: 1, salt };
  const pbkdf2: KdfParameters = { algorithm: 'pbkdf2-sha256', iterations: 600_000, salt };
  const keys = [];
  for (const kdf of [argon, pbkdf2]) {
    const key = await masterKeyFromPassphrase('correct horse', kdf);
    if (key.ok) keys.push(Array.from(key.value, (byte) => byte.toString(16).padStart(2, '0')).join(''));
  }
  expect(keys).toEqual([
    '7b985d8fa00c9eccccf918c8cb9feaa8036af381caf6f498e099b5b849b8c18a',
    'b1ac58b7f0910c5fe21d7236a9f8c9a548376f3285eddab74a12806ad4ef4eb3',
  ]);
});

test('a sealed value opens in the browser', () => {
  const sealer = createSealer(random.bytes(32), random);
  const sealed = sealer.seal('messages', utf8('row'), utf8('hello'));
  expect(sealer.open('messages', utf8('row'), sealed)).toEqual(utf8('hello'));
});
