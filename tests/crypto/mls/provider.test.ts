import { XWing } from '@hpke/hybridkem-x-wing';
import {
  createCommit,
  createGroup,
  defaultCryptoProvider,
  emptyPskIndex,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  joinGroup,
  processPrivateMessage,
  type CiphersuiteImpl,
  type CiphersuiteName,
  type ClientState,
  type Hpke,
  type Proposal,
} from 'ts-mls';
import { describe, expect, test } from 'vitest';
import { bytesFromHex, concat, utf8, type Bytes } from '../../../src/lib/core/bytes.ts';
import { capabilities, configAt } from '../../../src/lib/crypto/mls/config.ts';
import { createProvider } from '../../../src/lib/crypto/mls/provider/index.ts';
import { dhkemX25519 } from '../../../src/lib/crypto/mls/provider/dhkemX25519.ts';
import { nobleMlKem768 } from '../../../src/lib/crypto/mls/provider/mlKem768.ts';
import { createXWing } from '../../../src/lib/crypto/mls/provider/xWing.ts';
import { suiteNames } from '../../../src/lib/crypto/mls/suite.ts';
import { createPerson, NOW, seeded, type Device } from './world.ts';

/**
 * Our algorithms against the library's own, which wrap other implementations of the same algorithms:
 * what one seals, the other opens. Ours draw from a seed here, so that a failure comes back.
 */
async function bothOf(name: CiphersuiteName): Promise<{ ours: CiphersuiteImpl; theirs: CiphersuiteImpl }> {
  const random = seeded(name);
  const suite = getCiphersuiteFromName(name);
  return {
    ours: await createProvider({ randomBytes: (length) => random.bytes(length) }).getCiphersuiteImpl(suite),
    theirs: await defaultCryptoProvider.getCiphersuiteImpl(suite),
  };
}

const INFO = utf8('what it is about');
const BOUND = utf8('what it is bound to');
const TEXT = utf8('what nobody else reads');
const exportedPair = async (hpke: Hpke, pair: Awaited<ReturnType<Hpke['deriveKeyPair']>>) => ({
  privateKey: await hpke.exportPrivateKey(pair.privateKey),
  publicKey: await hpke.exportPublicKey(pair.publicKey),
});

for (const name of suiteNames) {
  describe(name, async () => {
    const { ours, theirs } = await bothOf(name);
    const directions = [
      { title: 'from us to them', from: ours.hpke, to: theirs.hpke },
      { title: 'from them to us', from: theirs.hpke, to: ours.hpke },
      { title: 'from us to us', from: ours.hpke, to: ours.hpke },
    ];

    test.each(directions)('sealed and opened $title', async ({ from, to }) => {
      const pair = await to.generateKeyPair();
      const recipient = await from.importPublicKey(await to.exportPublicKey(pair.publicKey));
      for (const bound of [BOUND, new Uint8Array(), undefined]) {
        for (const text of [TEXT, new Uint8Array()]) {
          const { enc, ct } = await from.seal(recipient, text, INFO, bound);
          expect(ct).toHaveLength(text.length + 16);
          expect(await to.open(pair.privateKey, enc, ct, INFO, bound)).toEqual(text);
        }
      }
    });

    test.each(directions)('a secret exported and imported $title', async ({ from, to }) => {
      const pair = await to.generateKeyPair();
      const recipient = await from.importPublicKey(await to.exportPublicKey(pair.publicKey));
      const { enc, secret } = await from.exportSecret(recipient, BOUND, 32, INFO);
      expect(secret).toHaveLength(32);
      expect(await to.importSecret(pair.privateKey, BOUND, enc, 32, INFO)).toEqual(secret);
      expect(await to.importSecret(pair.privateKey, BOUND, enc, 64, INFO)).not.toEqual(secret);
      expect(await to.importSecret(pair.privateKey, TEXT, enc, 32, INFO)).not.toEqual(secret);
    });

    test('the same key pair is derived from the same bytes', async () => {
      for (const length of [0, 1, 32, 64, 200]) {
        const ikm = seeded(`ikm ${length}`).bytes(length);
        const mine = await exportedPair(ours.hpke, await ours.hpke.deriveKeyPair(ikm));
        expect(mine).toEqual(await exportedPair(theirs.hpke, await theirs.hpke.deriveKeyPair(ikm)));
      }
    });

    test.each(directions)('keys made by one and taken by the other, $title', async ({ from, to }) => {
      const made = await exportedPair(from, await from.generateKeyPair());
      const again = await exportedPair(from, await from.generateKeyPair());
      expect(again.privateKey).not.toEqual(made.privateKey);
      const privateKey = await to.importPrivateKey(made.privateKey);
      const publicKey = await to.importPublicKey(made.publicKey);
      expect(await exportedPair(to, { privateKey, publicKey })).toEqual(made);
      const { enc, ct } = await from.seal(await from.importPublicKey(made.publicKey), TEXT, INFO);
      expect(await to.open(privateKey, enc, ct, INFO)).toEqual(TEXT);
    });

    test('a key that was taken in stays what it was when the bytes are wiped', async () => {
      const made = await exportedPair(ours.hpke, await ours.hpke.generateKeyPair());
      const key = await ours.hpke.importPrivateKey(made.privateKey);
      const { enc, ct } = await theirs.hpke.seal(await theirs.hpke.importPublicKey(made.publicKey), TEXT, INFO);
      made.privateKey.fill(0);
      expect(await ours.hpke.open(key, enc, ct, INFO)).toEqual(TEXT);
      (await ours.hpke.exportPrivateKey(key)).fill(0);
      expect(await ours.hpke.open(key, enc, ct, INFO)).toEqual(TEXT);
    });

    test('the same sizes, and the same authenticated encryption', async () => {
      const [{ keyLength, nonceLength }, random] = [ours.hpke, seeded('aead')];
      expect([keyLength, nonceLength, ours.kdf.size]).toEqual([
        theirs.hpke.keyLength,
        theirs.hpke.nonceLength,
        theirs.kdf.size,
      ]);
      const [key, nonce] = [random.bytes(keyLength), random.bytes(nonceLength)];
      for (const bound of [BOUND, undefined]) {
        const sealed = await ours.hpke.encryptAead(key, nonce, bound, TEXT);
        expect(sealed).toEqual(await theirs.hpke.encryptAead(key, nonce, bound, TEXT));
        expect(await ours.hpke.decryptAead(key, nonce, bound, sealed)).toEqual(TEXT);
      }
    });

    test('the same hashes, codes and derived secrets', async () => {
      const key = seeded('mac').bytes(ours.kdf.size);
      expect(await ours.hash.digest(TEXT)).toEqual(await theirs.hash.digest(TEXT));
      const mac = await ours.hash.mac(key, TEXT);
      expect(await theirs.hash.verifyMac(key, mac, TEXT)).toBe(true);
      expect(await ours.hash.verifyMac(key, mac, INFO)).toBe(false);
      expect(await ours.kdf.extract(key, TEXT)).toEqual(await theirs.kdf.extract(key, TEXT));
      expect(await ours.kdf.expand(key, INFO, 100)).toEqual(await theirs.kdf.expand(key, INFO, 100));
    });

    describe('refuses what they refuse', () => {
      const sealedToUs = async () => {
        const pair = await ours.hpke.deriveKeyPair(utf8('to be attacked'));
        const publicKey = await ours.hpke.exportPublicKey(pair.publicKey);
        const { enc, ct } = await theirs.hpke.seal(await theirs.hpke.importPublicKey(publicKey), TEXT, INFO, BOUND);
        return { pair, publicKey, enc, ct, privateKey: await ours.hpke.exportPrivateKey(pair.privateKey) };
      };
      /** Both refuse; ours with the error that the facade knows. */
      async function refusedByBoth(attempt: (hpke: Hpke) => Promise<unknown>): Promise<void> {
        await expect(attempt(theirs.hpke)).rejects.toThrow();
        await expect(attempt(ours.hpke)).rejects.toMatchObject({ name: 'CryptoError' });
      }
      const longer = (bytes: Uint8Array): Bytes => concat(bytes, new Uint8Array(1));
      const flipped = (bytes: Uint8Array, at: number): Bytes => {
        const copy = Uint8Array.from(bytes);
        copy[at] = (copy[at] ?? 0) ^ 1;
        return copy;
      };

      test('keys of another length', async () => {
        const { publicKey, privateKey } = await sealedToUs();
        for (const wrong of [publicKey.subarray(1), longer(publicKey), new Uint8Array()]) {
          await refusedByBoth((hpke) => hpke.importPublicKey(wrong));
        }
        for (const wrong of [privateKey.subarray(1), longer(privateKey), new Uint8Array()]) {
          await refusedByBoth((hpke) => hpke.importPrivateKey(wrong));
        }
      });

      test('points of small order, in keys and in what is sealed', async () => {
        const { publicKey, enc, ct, privateKey } = await sealedToUs();
        for (const point of SMALL_ORDER) {
          const ending = (bytes: Uint8Array): Bytes => concat(bytes.subarray(0, bytes.length - 32), point);
          await refusedByBoth(async (hpke) => hpke.seal(await hpke.importPublicKey(ending(publicKey)), TEXT, INFO));
          await refusedByBoth(async (hpke) =>
            hpke.exportSecret(await hpke.importPublicKey(ending(publicKey)), BOUND, 32, INFO),
          );
          await refusedByBoth(async (hpke) =>
            hpke.open(await hpke.importPrivateKey(privateKey), ending(enc), ct, INFO, BOUND),
          );
          await refusedByBoth(async (hpke) =>
            hpke.importSecret(await hpke.importPrivateKey(privateKey), BOUND, ending(enc), 32, INFO),
          );
        }
      });

      test('what is cut, lengthened or altered', async () => {
        const { privateKey, enc, ct } = await sealedToUs();
        const open = (encapsulated: Uint8Array, sealed: Uint8Array, info = INFO, bound: Uint8Array = BOUND) =>
          refusedByBoth(async (hpke) =>
            hpke.open(await hpke.importPrivateKey(privateKey), encapsulated, sealed, info, bound),
          );
        for (const wrong of [enc.subarray(1), enc.subarray(0, -1), longer(enc), new Uint8Array()]) {
          await open(wrong, ct);
          await refusedByBoth(async (hpke) =>
            hpke.importSecret(await hpke.importPrivateKey(privateKey), BOUND, wrong, 32, INFO),
          );
        }
        for (const at of [0, enc.length - 33, enc.length - 32, enc.length - 2]) {
          if (at >= 0) await open(flipped(enc, at), ct);
        }
        for (const wrong of [ct.subarray(1), ct.subarray(0, 15), new Uint8Array(), longer(ct), flipped(ct, 0)]) {
          await open(enc, wrong);
        }
        await open(enc, ct, utf8('about something else'));
        await open(enc, ct, INFO, utf8('bound elsewhere'));
      });

      test('keys of another kind or maker', async () => {
        const { pair, enc, ct } = await sealedToUs();
        const foreign = await theirs.hpke.generateKeyPair();
        const other = await (await bothOf(name)).ours.hpke.generateKeyPair();
        const { hpke } = ours;
        const crypto = { name: 'CryptoError' };
        for (const key of [pair.privateKey, foreign.publicKey, other.publicKey]) {
          // The types tell them apart; whoever gets past these is still refused.
          await expect(hpke.seal(key as typeof pair.publicKey, TEXT, INFO)).rejects.toMatchObject(crypto);
          await expect(hpke.exportPublicKey(key as typeof pair.publicKey)).rejects.toMatchObject(crypto);
        }
        for (const key of [pair.publicKey, foreign.privateKey, other.privateKey]) {
          await expect(hpke.open(key as typeof pair.privateKey, enc, ct, INFO)).rejects.toMatchObject(crypto);
          await expect(hpke.exportPrivateKey(key as typeof pair.privateKey)).rejects.toMatchObject(crypto);
        }
        expect(JSON.stringify(pair.privateKey)).not.toContain(
          String((await hpke.exportPrivateKey(pair.privateKey))[0]),
        );
      });

      test('authenticated encryption under no key, a short key, or altered', async () => {
        const { keyLength, nonceLength } = ours.hpke;
        const [key, nonce] = [seeded('key').bytes(keyLength), new Uint8Array(nonceLength)];
        for (const wrong of [new Uint8Array(), key.subarray(1)]) {
          await refusedByBoth((hpke) => hpke.encryptAead(wrong, nonce, BOUND, TEXT));
          await refusedByBoth((hpke) => hpke.decryptAead(wrong, nonce, BOUND, new Uint8Array(20)));
        }
        const sealed = await ours.hpke.encryptAead(key, nonce, BOUND, TEXT);
        await refusedByBoth((hpke) => hpke.decryptAead(key, nonce, BOUND, flipped(sealed, 0)));
        await refusedByBoth((hpke) => hpke.decryptAead(key, nonce, INFO, sealed));
        await refusedByBoth((hpke) => hpke.decryptAead(key, nonce, BOUND, sealed.subarray(0, 15)));
      });
    });

    test('members of one group agree, whichever of the two they use', async () => {
      const [ana, bo, cy] = await Promise.all([member('Ana', ours), member('Bo', theirs), member('Cy', ours)]);
      const { config } = configAt(NOW);
      const { publicPackage, privatePackage } = ana.pair;
      const alone = await createGroup(new Uint8Array(16), publicPackage, privatePackage, [], ana.cs, config);
      const add = ({ pair }: Member): Proposal => ({ proposalType: 'add', add: { keyPackage: pair.publicPackage } });
      const first = await createCommit(
        { state: alone, cipherSuite: ana.cs },
        { extraProposals: [add(bo), add(cy)], ratchetTreeExtension: true },
      );
      const { welcome } = first;
      if (welcome === undefined) throw new Error('no welcome');
      const join = ({ pair, cs }: Member): Promise<ClientState> =>
        joinGroup(welcome, pair.publicPackage, pair.privatePackage, emptyPskIndex, cs, undefined, undefined, config);
      const people = [
        { ...ana, state: first.newState },
        { ...bo, state: await join(bo) },
        { ...cy, state: await join(cy) },
      ];
      const agree = (epoch: bigint): void => {
        for (const { state } of people) {
          expect(state.groupContext.epoch).toBe(epoch);
          expect(state.keySchedule.epochAuthenticator).toEqual(people[0]?.state.keySchedule.epochAuthenticator);
        }
      };
      agree(1n);
      for (const [turn, committer] of people.entries()) {
        const made = await createCommit({ state: committer.state, cipherSuite: committer.cs });
        if (made.commit.wireformat !== 'mls_private_message') throw new Error('not private');
        for (const person of people) {
          person.state =
            person === committer
              ? made.newState
              : (await processPrivateMessage(person.state, made.commit.privateMessage, emptyPskIndex, person.cs))
                  .newState;
        }
        agree(BigInt(2 + turn));
      }
    });
  });
}

interface Member {
  readonly cs: CiphersuiteImpl;
  readonly pair: Awaited<ReturnType<typeof generateKeyPackageWithKey>>;
}

async function member(name: string, cs: CiphersuiteImpl): Promise<Member> {
  const device: Device = createPerson(name).newDevice();
  const lifetime = { notBefore: BigInt(NOW / 1000 - 10), notAfter: BigInt(NOW / 1000 + 10) };
  const pair = await generateKeyPackageWithKey(
    { credentialType: 'basic', identity: device.certificate },
    capabilities(),
    lifetime,
    [],
    { signKey: device.signaturePrivate, publicKey: device.signaturePublic },
    cs,
  );
  return { cs, pair };
}

test('a suite that Cairn does not speak is refused', async () => {
  const other = getCiphersuiteFromName('MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519');
  const provider = createProvider({ randomBytes: (length) => new Uint8Array(length) });
  await expect(provider.getCiphersuiteImpl(other)).rejects.toThrow(TypeError);
});

/** With JavaScript's ML-KEM: a platform's own draws its chance itself. */
const xWing = createXWing(nobleMlKem768);

test('X-Wing encapsulates to the same bytes as the implementation that ts-mls knows', async () => {
  const reference = new XWing();
  const random = seeded('encapsulation');
  const privateKey = xWing.derivePrivateKey(random.bytes(32));
  const publicKey = await xWing.publicKeyOf(privateKey);
  const entropy = random.bytes(xWing.sizes.entropy);
  const mine = await xWing.encapsulate(publicKey, entropy);
  const recipientPublicKey = await reference.deserializePublicKey(publicKey.buffer);
  const same = await reference.encap({ recipientPublicKey, ekm: entropy.buffer });
  expect(mine.encapsulated).toEqual(new Uint8Array(same.enc));
  expect(mine.sharedSecret).toEqual(new Uint8Array(same.sharedSecret));
  expect(await xWing.decapsulate(privateKey, mine.encapsulated)).toEqual(mine.sharedSecret);
  expect(xWing.id).toBe(reference.id);
});

test('X-Wing refuses a public key whose coefficients are not reduced (FIPS 203 §7.2)', async () => {
  const reference = new XWing();
  const publicKey = await xWing.publicKeyOf(seeded('malformed').bytes(32));
  // The largest coefficient there is, and what comes after it, as either of the two in three bytes.
  const cases = [
    { triple: [0x00, 0x0d, 0x00], isReduced: true },
    { triple: [0x01, 0x0d, 0x00], isReduced: false },
    { triple: [0x00, 0x00, 0xd0], isReduced: true },
    { triple: [0x00, 0x10, 0xd0], isReduced: false },
    { triple: [0xff, 0xff, 0xff], isReduced: false },
  ];
  for (const { triple, isReduced } of cases) {
    for (const at of [0, 600, 1149]) {
      const key = publicKey.slice();
      key.set(triple, at);
      const mine = () => xWing.encapsulate(key, new Uint8Array(64));
      const recipientPublicKey = await reference.deserializePublicKey(key.buffer);
      const same = () => reference.encap({ recipientPublicKey, ekm: new Uint8Array(64).buffer });
      if (isReduced) expect((await mine()).sharedSecret).toEqual(new Uint8Array((await same()).sharedSecret));
      else {
        await expect(mine).rejects.toThrow();
        await expect(same).rejects.toThrow();
      }
    }
  }
});

test("X-Wing answers a ciphertext that nobody made with its key's own secret", async () => {
  const reference = new XWing();
  const privateKey = seeded('malformed').bytes(32);
  const { encapsulated, sharedSecret } = await xWing.encapsulate(
    await xWing.publicKeyOf(privateKey),
    new Uint8Array(64).fill(7),
  );
  const altered = encapsulated.slice().fill(0, 0, 8);
  const answer = await xWing.decapsulate(privateKey, altered);
  expect(answer).not.toEqual(sharedSecret);
  const recipientKey = await reference.deserializePrivateKey(privateKey.buffer);
  expect(answer).toEqual(new Uint8Array(await reference.decap({ recipientKey, enc: altered.buffer })));
});

test('RFC 9180 Appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode', async () => {
  const privateE = dhkemX25519.derivePrivateKey(
    hex('7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234'),
  );
  expect(privateE).toEqual(hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'));
  const enc = hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431');
  expect(await dhkemX25519.publicKeyOf(privateE)).toEqual(enc);
  const publicR = hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d');
  expect(await dhkemX25519.encapsulate(publicR, privateE)).toEqual({
    encapsulated: enc,
    sharedSecret: hex('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc'),
  });

  const suite = getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519');
  // All chance that a seal takes is the ephemeral key.
  const { hpke } = await createProvider({ randomBytes: () => privateE }).getCiphersuiteImpl(suite);
  const pair = await hpke.deriveKeyPair(hex('6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037'));
  expect(await exportedPair(hpke, pair)).toEqual({
    privateKey: hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
    publicKey: publicR,
  });
  const info = hex('4f6465206f6e2061204772656369616e2055726e');
  const text = hex('4265617574792069732074727574682c20747275746820626561757479');
  const bound = hex('436f756e742d30');
  const ct = hex('f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a');
  expect(await hpke.seal(pair.publicKey, text, info, bound)).toEqual({ enc, ct });
  expect(await hpke.open(pair.privateKey, enc, ct, info, bound)).toEqual(text);
  for (const [context, secret] of [
    ['', '3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee'],
    ['00', '2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5'],
    ['54657374436f6e74657874', 'e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931'],
  ] as const) {
    expect(await hpke.exportSecret(pair.publicKey, hex(context), 32, info)).toEqual({ enc, secret: hex(secret) });
    expect(await hpke.importSecret(pair.privateKey, hex(context), enc, 32, info)).toEqual(hex(secret));
  }
});

function hex(digits: string): Bytes {
  const bytes = bytesFromHex(digits);
  if (bytes === undefined) throw new Error('not hex');
  return bytes;
}

/** RFC 7748 §6.1 and cr.yp.to/ecdh.html: what every private key turns into zero. */
const SMALL_ORDER: readonly Bytes[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(hex);
