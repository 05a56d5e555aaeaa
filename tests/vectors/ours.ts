import { concat, u64, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes, type AccountId, type MessageId } from '../../src/lib/core/ids.ts';
import {
  accountIdOf,
  directConversationId,
  inviteChecksum,
  nameHashOf,
  signCertificate,
  verifyCertificate,
} from '../../src/lib/crypto/identity.ts';
import { digitsOf, fingerprintOf } from '../../src/lib/crypto/safetyNumber.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { deriveChains, stepChain } from '../../src/lib/crypto/senderKey/chain.ts';
import { recordHash, unsignedPart } from '../../src/lib/crypto/senderKey/layout.ts';
import { openRun } from '../../src/lib/crypto/senderKey/open.ts';
import { pad, paddedLength, unpad } from '../../src/lib/crypto/senderKey/padding.ts';
import { sealRecord } from '../../src/lib/crypto/senderKey/seal.ts';
import { bytesFromCertificate, certificateFromBytes } from '../../src/lib/protocol/certificate.ts';
import { codeFromInvite, inviteFromCode } from '../../src/lib/protocol/invite.ts';
import { textFromSafetyCode } from '../../src/lib/protocol/safetyCode.ts';
import { cborFromValue } from '../../src/lib/protocol/wire.ts';
import { stateOf } from './receiving.ts';
import type { Implementation } from './shape.ts';

const bytes = (of: Uint8Array): Bytes => Uint8Array.from(of);

/** What the app itself does, in the words of the vectors. */
export const ours: Implementation = {
  name: 'Cairn',
  exporterContext: (groupId, epoch) => concat(groupId, u64(epoch)),
  head(exported, leaf) {
    const [chain] = deriveChains(bytes(exported), NO_EPOCH, [{ leaf, signaturePublic: new Uint8Array(32) }]);
    return chain?.chainKey ?? new Uint8Array();
  },
  step: (chainKey) => stepChain(bytes(chainKey)),
  paddedLength,
  pad,
  unpad: (padded) => unpad(bytes(padded)),
  seal(chain, messageId, plaintext) {
    const { signaturePrivate, groupId, authenticatorHash, chainKey, previousHash, signaturePublic } = chain;
    const { record, next } = sealRecord(
      {
        ...chain,
        groupId: bytes(groupId),
        authenticatorHash: bytes(authenticatorHash),
        chainKey: bytes(chainKey),
        previousHash: bytes(previousHash),
        signaturePublic: bytes(signaturePublic),
        skipped: [],
      },
      bytes(signaturePrivate),
      idFromBytes<MessageId>(messageId),
      plaintext,
    );
    return { record, hash: recordHash(unsignedPart(record)), next: next.chainKey };
  },
  receiver({ head, groupId, authenticatorHash, signaturePublic, ...rest }) {
    let chain = {
      ...rest,
      groupId: bytes(groupId),
      authenticatorHash: bytes(authenticatorHash),
      signaturePublic: bytes(signaturePublic),
      iteration: 0,
      chainKey: bytes(head),
      previousHash: new Uint8Array(32),
      skipped: [],
    } as Parameters<typeof openRun>[0];
    return {
      receive(records, now) {
        const { results, next } = openRun(chain, records.map(bytes), now);
        chain = next;
        return results.map((result) =>
          result.ok
            ? { outcome: 'ok', plaintext: result.value.plaintext }
            : { outcome: result.error.code, plaintext: null },
        );
      },
      state: (now) => stateOf(chain, now),
    };
  },
  accountId: accountIdOf,
  fingerprint: fingerprintOf,
  safetyNumber(own, other) {
    const prints = { own: bytes(own), other: bytes(other) };
    return { digits: digitsOf(prints.own, prints.other), qr: textFromSafetyCode(prints) };
  },
  directConversation: (a, b) => directConversationId(a as AccountId, b as AccountId),
  nameHash: (name, salt) => nameHashOf({ name, salt: bytes(salt) }),
  certificate(encoded, accountPrivate) {
    const decoded = certificateFromBytes(encoded);
    if (!decoded.ok) throw new Error(decoded.error.code);
    const { signature: _signature, ...fields } = decoded.value;
    return bytesFromCertificate(signCertificate(fields, bytes(accountPrivate)));
  },
  checkCertificate(encoded) {
    const decoded = certificateFromBytes(encoded);
    const checked = decoded.ok ? verifyCertificate(decoded.value) : decoded;
    return checked.ok ? 'ok' : checked.error.code;
  },
  invite: (accountKey, name, salt) =>
    codeFromInvite({ accountKey: bytes(accountKey), name, salt: bytes(salt) }, inviteChecksum),
  checkInvite(code) {
    const invite = inviteFromCode(code, inviteChecksum);
    return invite.ok ? 'ok' : invite.error.code;
  },
  bound: (...parts) => cborFromValue(parts),
  sealRow: (databaseKey, table, bound, nonce, plain) =>
    createSealer(bytes(databaseKey), { bytes: () => bytes(nonce) }).seal(table, bound, plain),
  openRow: (databaseKey, table, bound, sealed) =>
    createSealer(bytes(databaseKey), NO_RANDOM).open(table, bound, sealed),
};

const NO_EPOCH = { suite: 0, groupId: new Uint8Array(16), epoch: 0, authenticatorHash: new Uint8Array(32) };
const NO_RANDOM = { bytes: () => utf8('') };
