import { base64urlFromBytes, concat, hexFromBytes as hex, type Bytes } from '../../src/lib/core/bytes.ts';
import { newId, type DeviceId } from '../../src/lib/core/ids.ts';
import {
  accountIdOf,
  createAccountKeys,
  directConversationId,
  inviteChecksum,
  nameHashOf,
  signCertificate,
} from '../../src/lib/crypto/identity.ts';
import { ed25519 } from '../../src/lib/crypto/primitives.ts';
import { digitsOf, fingerprintOf } from '../../src/lib/crypto/safetyNumber.ts';
import { bytesFromCertificate, certificateToSign } from '../../src/lib/protocol/certificate.ts';
import { codeFromInvite } from '../../src/lib/protocol/invite.ts';
import { textFromSafetyCode } from '../../src/lib/protocol/safetyCode.ts';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';
import { seededRandom } from '../crypto/senderKeyWorld.ts';
import type { IdentityVectors } from './shape.ts';

/** Two people: who they are, what vouches for a device of the first, and how they find and verify each other. */
export function identityVectors(): IdentityVectors {
  const random = seededRandom('cairn test vectors: identity');
  const [ana, bo] = [createAccountKeys(random), createAccountKeys(random)];
  const [anaPrint, boPrint] = [fingerprintOf(ana.publicKey), fingerprintOf(bo.publicKey)];
  const [anaId, boId] = [accountIdOf(ana.publicKey), accountIdOf(bo.publicKey)];
  const card = { name: 'Ana Björk', salt: random.bytes(16) };
  const fields = {
    accountKey: ana.publicKey,
    device: newId<DeviceId>(random),
    signatureKey: ed25519.keyPair(random).publicKey,
    loginKey: ed25519.keyPair(random).publicKey,
    nameHash: nameHashOf(card),
    notBefore: 1_800_000_000_000,
    sequence: 3,
  };
  const certificate = signCertificate(fields, ana.privateKey);
  const encoded = bytesFromCertificate(certificate);
  const keysRepeat = signCertificate({ ...fields, loginKey: fields.signatureKey }, ana.privateKey);
  const neutral = new Uint8Array(32).fill(1, 0, 1);
  const smallOrder = { ...fields, accountKey: neutral, signature: concat(neutral, new Uint8Array(32)) };
  const refusedCertificates: readonly (readonly [string, Bytes, string])[] = [
    ['a field is not what was signed', bytesFromCertificate({ ...certificate, sequence: 4 }), 'bad-signature'],
    ["signed by another account's key", bytesFromCertificate(signedBy(bo.privateKey)), 'bad-signature'],
    ['an account key of small order, for which anybody can sign', bytesFromCertificate(smallOrder), 'bad-signature'],
    ['two of its keys are one', bytesFromCertificate(keysRepeat), 'malformed'],
    ['a byte behind it', concat(encoded, Uint8Array.of(0)), 'malformed'],
    ['a member more', cborFromValue({ v: 1, ...certificate, note: '' }), 'malformed'],
    ['of another version', cborFromValue({ ...certificate, v: 2 }), 'malformed'],
    ['too long', new Uint8Array(513), 'wire-too-large'],
  ];
  const invite = { accountKey: ana.publicKey, ...card };
  const code = codeFromInvite(invite, inviteChecksum);
  const body = { k: invite.accountKey, n: invite.name, s: invite.salt };
  const extra = { ...body, c: inviteChecksum(cborFromValue(body)), x: 1 };
  return {
    accounts: [[ana, anaId, anaPrint] as const, [bo, boId, boPrint] as const].map(([keys, id, print]) => ({
      privateKey: hex(keys.privateKey),
      publicKey: hex(keys.publicKey),
      id,
      fingerprint: hex(print),
    })),
    direct: { accounts: [anaId, boId], conversation: directConversationId(anaId, boId) },
    safetyNumber: {
      digits: digitsOf(anaPrint, boPrint),
      qr: textFromSafetyCode({ own: anaPrint, other: boPrint }),
    },
    certificate: {
      name: card.name,
      salt: hex(card.salt),
      nameHash: hex(fields.nameHash),
      toSign: hex(certificateToSign(fields)),
      encoded: hex(encoded),
    },
    refusedCertificates: refusedCertificates.map(([why, bytes, refusal]) => ({
      why,
      encoded: hex(bytes),
      code: refusal,
    })),
    invite: { name: card.name, salt: hex(card.salt), account: anaId, code },
    refusedInvites: [
      { why: 'mistyped', code: codeFromInvite(invite, () => new Uint8Array(4)), refusal: 'malformed' },
      { why: 'cut short', code: code.slice(0, -4), refusal: 'malformed' },
      { why: 'no prefix', code: code.slice(7), refusal: 'malformed' },
      { why: 'of a later version', code: code.replace('cairn1:', 'cairn2:'), refusal: 'wrong-version' },
      { why: 'a member more', code: `cairn1:${base64urlFromBytes(cborFromValue(extra))}`, refusal: 'malformed' },
      { why: 'a blank name', code: codeFromInvite({ ...invite, name: ' ' }, inviteChecksum), refusal: 'malformed' },
      { why: 'too long', code: `cairn1:${'A'.repeat(600)}`, refusal: 'wire-too-large' },
    ],
  };

  function signedBy(privateKey: Bytes) {
    return { ...fields, signature: ed25519.sign(certificateToSign(fields), privateKey) };
  }
}
