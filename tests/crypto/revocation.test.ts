import { describe, expect, test } from 'vitest';
import { newId, type DeviceId } from '../../src/lib/core/ids.ts';
import { accountIdOf, createAccountKeys, signCertificate } from '../../src/lib/crypto/identity.ts';
import { ed25519 } from '../../src/lib/crypto/primitives.ts';
import { isEndedBy, signRevocation } from '../../src/lib/crypto/revocation.ts';
import { deletionToSign } from '../../src/lib/protocol/account.ts';
import { createRandom } from '../world/seeded.ts';

const random = createRandom('revocation');
const [ana, eve] = [createAccountKeys(random), createAccountKeys(random)];
const account = accountIdOf(ana.publicKey);
const [phone, laptop] = [newId<DeviceId>(random), newId<DeviceId>(random)];
const certificate = (notBefore: number, device = phone) =>
  signCertificate(
    {
      accountKey: ana.publicKey,
      device,
      signatureKey: random.bytes(32),
      loginKey: random.bytes(32),
      nameHash: random.bytes(32),
      notBefore,
      sequence: 1,
    },
    ana.privateKey,
  );

describe('a device is ended', () => {
  test('by what its account signed at the time of its certificate or later', () => {
    for (const at of [1_000, 1_001])
      expect(isEndedBy(signRevocation(account, phone, at, ana.privateKey), certificate(1_000))).toBe(true);
  });

  test('not by what others signed, for whomever', () => {
    for (const of of [account, accountIdOf(eve.publicKey)])
      expect(isEndedBy(signRevocation(of, phone, 2_000, eve.privateKey), certificate(1_000))).toBe(false);
  });

  test('not by what was signed for another device, another account, or for something else', () => {
    const foreign = [
      signRevocation(account, laptop, 2_000, ana.privateKey),
      signRevocation(accountIdOf(eve.publicKey), phone, 2_000, ana.privateKey),
      { at: 2_000, signature: ed25519.sign(deletionToSign(account), ana.privateKey) },
      { at: 2_000, signature: new Uint8Array(64) },
    ];
    for (const one of foreign) expect(isEndedBy(one, certificate(1_000))).toBe(false);
  });

  test('not by what was signed before it came back from a backup, nor by that with a later time', () => {
    const old = signRevocation(account, phone, 2_000, ana.privateKey);
    expect(isEndedBy(old, certificate(2_000))).toBe(true);
    expect(isEndedBy(old, certificate(2_001))).toBe(false);
    expect(isEndedBy({ ...old, at: 3_000 }, certificate(2_001))).toBe(false);
  });
});
