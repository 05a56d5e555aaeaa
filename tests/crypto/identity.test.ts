import { describe, expect, test } from 'vitest';
import { hexFromBytes, utf8 } from '../../src/lib/core/bytes.ts';
import { newId, type AccountId, type DeviceId } from '../../src/lib/core/ids.ts';
import {
  accountIdOf,
  CERTIFICATE_SKEW_MS,
  createAccountKeys,
  directConversationId,
  inviteChecksum,
  matchesNameHash,
  nameHashOf,
  signCertificate,
  verifyCertificate,
} from '../../src/lib/crypto/identity.ts';
import { sha256 } from '../../src/lib/crypto/primitives.ts';
import { bytesFromCertificate, certificateFromBytes, type Certificate } from '../../src/lib/protocol/certificate.ts';
import { codeFromInvite, inviteFromCode } from '../../src/lib/protocol/invite.ts';
import { NOW, seededRandom } from './senderKeyWorld.ts';

const random = seededRandom('identity');
const account = createAccountKeys(random);
const card = { name: 'Ana', salt: random.bytes(16) };
const fields = {
  accountKey: account.publicKey,
  device: newId<DeviceId>(random),
  signatureKey: createAccountKeys(random).publicKey,
  loginKey: createAccountKeys(random).publicKey,
  nameHash: nameHashOf(card),
  notBefore: NOW,
  sequence: 1,
};
const certificate = signCertificate(fields, account.privateKey);
const codeOf = (candidate: Certificate, now?: number): string => {
  const verified = verifyCertificate(candidate, now);
  return verified.ok ? 'ok' : verified.error.code;
};

describe('a certificate', () => {
  test('is believed when the account signed it, also after a journey', () => {
    expect(verifyCertificate(certificate, NOW)).toEqual({ ok: true, value: certificate });
    const travelled = certificateFromBytes(bytesFromCertificate(certificate));
    expect(travelled.ok && codeOf(travelled.value, NOW)).toBe('ok');
  });

  test('is not believed with any field changed', () => {
    const other = createAccountKeys(random).publicKey;
    const changes: Partial<Certificate>[] = [
      { accountKey: other },
      { device: newId<DeviceId>(random) },
      { signatureKey: other },
      { loginKey: other },
      { nameHash: other },
      { notBefore: NOW - 1 },
      { sequence: 2 },
      { signature: new Uint8Array(64) },
    ];
    for (const change of changes) expect(codeOf({ ...certificate, ...change })).toBe('bad-signature');
  });

  test('of the future is refused, with a day for clocks that differ', () => {
    expect(codeOf(certificate, NOW - CERTIFICATE_SKEW_MS)).toBe('ok');
    expect(codeOf(certificate, NOW - CERTIFICATE_SKEW_MS - 1)).toBe('malformed');
    expect(codeOf(certificate)).toBe('ok');
  });

  test('that uses one key for two purposes is refused', () => {
    for (const [one, other] of [
      ['accountKey', 'signatureKey'],
      ['accountKey', 'loginKey'],
      ['signatureKey', 'loginKey'],
    ] as const) {
      const repeated = { ...fields, [other]: fields[one] };
      expect(codeOf(signCertificate(repeated, account.privateKey))).toBe('malformed');
    }
  });

  test('cannot be signed with a key that is not the one it names', () => {
    expect(() => signCertificate(fields, createAccountKeys(random).privateKey)).toThrow(TypeError);
  });

  test('carries a name only as its hash', () => {
    expect(matchesNameHash(certificate, card)).toBe(true);
    expect(matchesNameHash(certificate, { ...card, name: 'Anna' })).toBe(false);
    expect(matchesNameHash(certificate, { ...card, salt: random.bytes(16) })).toBe(false);
    expect(hexFromBytes(bytesFromCertificate(certificate))).not.toContain(hexFromBytes(utf8('Ana')));
  });
});

test('the account id is the fingerprint of its key', () => {
  expect(accountIdOf(account.publicKey)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(accountIdOf(utf8('abc'))).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
});

test('a direct chat has one id, from both sides, and another for every other pair', () => {
  const [ana, bo, cy] = Array.from({ length: 3 }, () => accountIdOf(createAccountKeys(random).publicKey)) as [
    AccountId,
    AccountId,
    AccountId,
  ];
  expect(directConversationId(ana, bo)).toBe(directConversationId(bo, ana));
  expect(directConversationId(ana, bo)).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(
    new Set([directConversationId(ana, bo), directConversationId(ana, cy), directConversationId(bo, cy)]).size,
  ).toBe(3);
});

test('the checksum of an invite tells a mistyped code', () => {
  expect(inviteChecksum(utf8('abc'))).toEqual(sha256(utf8('abc')).slice(0, 4));
  const invite = { accountKey: account.publicKey, ...card };
  const code = codeFromInvite(invite, inviteChecksum);
  expect(inviteFromCode(code, inviteChecksum)).toEqual({ ok: true, value: invite });
  const typo = code.slice(0, 30) + (code[30] === 'A' ? 'B' : 'A') + code.slice(31);
  expect(inviteFromCode(typo, inviteChecksum).ok).toBe(false);
});
