import { describe, expect, test } from 'vitest';
import { concat, equal, textFromUtf8, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { createSigner } from '../../src/lib/crypto/platformSignature.ts';
import { aesGcmOpen, aesGcmSeal, ed25519, hmacSha256, sha256 } from '../../src/lib/crypto/primitives.ts';
import { authenticateRun } from '../../src/lib/crypto/senderKey/authenticate.ts';
import {
  chainFromBytes,
  chainToBytes,
  deriveChains,
  pruneSkipped,
  SKIPPED_LIFETIME_MS,
  stepChain,
  type SenderChain,
} from '../../src/lib/crypto/senderKey/chain.ts';
import { MAX_AHEAD } from '../../src/lib/crypto/senderKey/fault.ts';
import {
  bytesFromHeader,
  HEADER_LENGTH,
  MAX_PLAINTEXT,
  readHeader,
  recordToSign,
  unsignedPart,
} from '../../src/lib/crypto/senderKey/layout.ts';
import { openAuthenticated, openRun } from '../../src/lib/crypto/senderKey/open.ts';
import { draftRecord, sealRecord, signDraft } from '../../src/lib/crypto/senderKey/seal.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import { messageId, NOW, outcomes, plaintext, sealMany, world, type Sender } from './senderKeyWorld.ts';

const at = (records: readonly Bytes[], index: number): Bytes => {
  const record = records[index];
  if (record === undefined) throw new Error(`no record ${index}`);
  return record;
};

/** Drops, garbles or keeps the signature without touching what it covers. */
const withoutSignature = (record: Bytes): Bytes => concat(unsignedPart(record), new Uint8Array(64));

/** Signs whatever is in `unsigned` with a sender's own key, as a dishonest member could. */
const signed = (unsigned: Bytes, sender: Sender): Bytes =>
  concat(unsigned, ed25519.sign(recordToSign(unsigned), sender.keys.privateKey));

/** The chain of `sender` after `count` steps, as every member can compute it. */
function steppedTo(chain: SenderChain, count: number): SenderChain {
  let { chainKey } = chain;
  for (let i = 0; i < count; i++) chainKey = stepChain(chainKey).next;
  return { ...chain, iteration: chain.iteration + count, chainKey };
}

describe('a record', () => {
  test('opens for everyone who is in the epoch', () => {
    const { ana } = world();
    const { record, next } = sealRecord(ana.chain, ana.keys.privateKey, messageId(1), utf8('see you at the hut'));
    const opened = openRun(ana.chain, [record], NOW);
    const [result] = opened.results;
    expect(result?.ok && textFromUtf8(result.value.plaintext)).toBe('see you at the hut');
    expect(result?.ok && result.value.messageId).toBe(messageId(1));
    expect(chainToBytes(opened.next)).toEqual(chainToBytes(next));
  });

  test('is laid out as the protocol says, so that somebody else could write it', () => {
    const { ana, context, exported } = world();
    const { record } = sealRecord(ana.chain, ana.keys.privateKey, messageId(5), utf8('hi'));
    const head = hmacSha256(exported, concat(utf8('head'), Uint8Array.of(0, 0, 0, 0)));
    const messageKey = hmacSha256(head, Uint8Array.of(1));
    const header = concat(
      Uint8Array.of(1, 0, 83),
      context.groupId,
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7),
      context.authenticatorHash,
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0),
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5),
      new Uint8Array(32),
    );
    const padded = new Uint8Array(256);
    padded.set([0, 0, 0, 2, 0x68, 0x69]);
    const ciphertext = aesGcmSeal(messageKey, new Uint8Array(12), header, padded);
    const signature = ed25519.sign(concat(utf8('cairn/1 record\0'), header, ciphertext), ana.keys.privateKey);
    expect(record).toEqual(concat(header, ciphertext, signature));
  });

  test('names the hash of the record before it', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 2);
    const header = readHeader(at(records, 1));
    expect(header.ok && header.value.previousHash).toEqual(sha256(unsignedPart(at(records, 0))));
    expect(header.ok && bytesFromHeader(header.value)).toEqual(at(records, 1).subarray(0, HEADER_LENGTH));
  });

  test('of the longest plaintext still fits into one entry, and a longer one is refused', () => {
    const { ana } = world();
    const longest = new Uint8Array(MAX_PLAINTEXT).fill(7);
    const { record } = sealRecord(ana.chain, ana.keys.privateKey, messageId(0), longest);
    expect(record.length).toBeLessThanOrEqual(limits.entry);
    const [result] = openRun(ana.chain, [record], NOW).results;
    expect(result?.ok && equal(result.value.plaintext, longest)).toBe(true);
    const longer = new Uint8Array(MAX_PLAINTEXT + 1);
    expect(() => sealRecord(ana.chain, ana.keys.privateKey, messageId(0), longer)).toThrow(RangeError);
  });

  test('signed on the platform is the same record', async () => {
    const { ana } = world();
    const draft = draftRecord(ana.chain, messageId(0), plaintext(0));
    const signer = await createSigner(ana.keys.privateKey);
    const { record } = sealRecord(ana.chain, ana.keys.privateKey, messageId(0), plaintext(0));
    expect(await signDraft(draft, signer)).toEqual(record);
  });
});

describe('a run', () => {
  test('opens with one valid signature, whatever the others are worth', () => {
    const { ana } = world();
    const { records, next } = sealMany(ana, 5);
    const run = records.map((record, index) => (index < 4 ? withoutSignature(record) : record));
    const opened = openRun(ana.chain, run, NOW);
    expect(outcomes(opened)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(chainToBytes(opened.next)).toEqual(chainToBytes(next));
  });

  test('whose last signature is bad gives what other signatures cover, and the chain of exactly that', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 5);
    const run = records.map((record, index) => (index === 2 ? record : withoutSignature(record)));
    const opened = openRun(ana.chain, run, NOW);
    expect(outcomes(opened)).toEqual(['ok', 'ok', 'ok', 'tampered', 'tampered']);
    expect(chainToBytes(opened.next)).toEqual(chainToBytes(openRun(ana.chain, records.slice(0, 3), NOW).next));
    expect(outcomes(openRun(opened.next, records.slice(3), NOW))).toEqual(['ok', 'ok']);
  });

  test('without any valid signature leaves the very same chain', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 3);
    const opened = openRun(ana.chain, records.map(withoutSignature), NOW);
    expect(outcomes(opened)).toEqual(['tampered', 'tampered', 'tampered']);
    expect(opened.next).toBe(ana.chain);
  });

  test('with a gap is two runs, and each needs a signature', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 5);
    const run = [0, 1, 3, 4].map((index) => (index === 1 ? withoutSignature(at(records, 1)) : at(records, index)));
    expect(outcomes(openRun(ana.chain, run, NOW))).toEqual(['ok', 'tampered', 'ok', 'ok']);
  });

  test('does not vouch for a record that it does not name', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 3);
    // A member knows every chain key and can write a record in ana's place, but not with the hash that ana signed.
    const forgedDraft = draftRecord(steppedTo(ana.chain, 1), messageId(66), utf8('send me money'));
    const forged = concat(forgedDraft.unsigned, new Uint8Array(64));
    const opened = openRun(ana.chain, [at(records, 0), forged, at(records, 2)], NOW);
    expect(outcomes(opened)).toEqual(['ok', 'tampered', 'ok']);
    expect(outcomes(openRun(opened.next, [at(records, 1)], NOW))).toEqual(['ok']);
  });

  test('ends where iterations are missing, even if the sender names a record from before the gap', () => {
    const { ana } = world();
    const { record, next } = sealRecord(ana.chain, ana.keys.privateKey, messageId(0), plaintext(0));
    const jumped: SenderChain = { ...steppedTo(next, 1), previousHash: next.previousHash };
    const after = sealRecord(jumped, ana.keys.privateKey, messageId(2), plaintext(2)).record;
    expect(outcomes(openRun(ana.chain, [withoutSignature(record), after], NOW))).toEqual(['tampered', 'ok']);
    expect(outcomes(openRun(ana.chain, [record, after], NOW))).toEqual(['ok', 'ok']);
  });

  test('with two records of one iteration takes the one that is vouched for', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 3);
    const rival = concat(
      draftRecord(
        { ...steppedTo(ana.chain, 1), previousHash: sha256(unsignedPart(at(records, 0))) },
        messageId(9),
        utf8('x'),
      ).unsigned,
      new Uint8Array(64),
    );
    const run = [at(records, 0), rival, withoutSignature(at(records, 1)), at(records, 2)];
    expect(outcomes(openRun(ana.chain, run, NOW))).toEqual(['ok', 'tampered', 'ok', 'ok']);
  });

  test('in which the sender signed two records of one iteration opens the first to arrive', () => {
    const { ana } = world();
    const one = sealRecord(ana.chain, ana.keys.privateKey, messageId(1), utf8('yes'));
    const other = sealRecord(ana.chain, ana.keys.privateKey, messageId(2), utf8('no'));
    const opened = openRun(ana.chain, [one.record, other.record], NOW);
    expect(outcomes(opened)).toEqual(['ok', 'duplicate']);
    expect(chainToBytes(opened.next)).toEqual(chainToBytes(one.next));
  });

  test('far longer than the window opens at once, and backwards too', () => {
    const { ana } = world();
    const { records, next } = sealMany(ana, MAX_AHEAD + 50);
    const opened = openRun(ana.chain, records.toReversed(), NOW);
    expect(opened.results.every((result) => result.ok)).toBe(true);
    expect(chainToBytes(opened.next)).toEqual(chainToBytes(next));
  });

  test('authenticated before the transaction opens the same as one inside it', async () => {
    const { ana } = world();
    const { records } = sealMany(ana, 6);
    const run = [3, 0, 1, 5].map((index) => at(records, index)).concat(withoutSignature(at(records, 2)));
    const authenticated = await authenticateRun(ana.chain, run);
    const opened = openAuthenticated(ana.chain, authenticated, NOW);
    expect(opened).toEqual(openRun(ana.chain, run, NOW));
    // Another tab opened them meanwhile.
    expect(outcomes(openAuthenticated(opened.next, authenticated, NOW)).slice(0, 4)).toEqual(
      Array(4).fill('duplicate'),
    );
  });

  test('authenticated for one chain does not open with another', async () => {
    const { ana, bo } = world();
    const authenticated = await authenticateRun(ana.chain, sealMany(ana, 1).records);
    expect(() => openAuthenticated(bo.chain, authenticated, NOW)).toThrow(TypeError);
  });
});

describe('a record is refused', () => {
  test('when a member forged it in the name of another', () => {
    const { ana, bo } = world();
    const asAna = sealRecord(ana.chain, bo.keys.privateKey, messageId(1), utf8('I resign'));
    const opened = openRun(ana.chain, [asAna.record], NOW);
    expect(outcomes(opened)).toEqual(['tampered']);
    expect(opened.next).toBe(ana.chain);
  });

  test('when it is a signed record of another leaf, group, epoch or suite', () => {
    const { ana, bo } = world();
    const elsewhere: SenderChain[] = [
      bo.chain,
      { ...ana.chain, groupId: new Uint8Array(16) },
      { ...ana.chain, epoch: 8 },
      { ...ana.chain, suite: 1 },
    ];
    const records = elsewhere.map((chain) => sealRecord(chain, ana.keys.privateKey, messageId(1), plaintext(1)).record);
    const opened = openRun(ana.chain, records, NOW);
    expect(outcomes(opened)).toEqual(Array(4).fill('wrong-epoch'));
    expect(opened.next).toBe(ana.chain);
  });

  test('as a fork only when its own sender signed another history', () => {
    const { ana, bo } = world();
    const forked: SenderChain = { ...ana.chain, authenticatorHash: new Uint8Array(32) };
    const real = sealRecord(forked, ana.keys.privateKey, messageId(1), plaintext(1)).record;
    const alarm = sealRecord(forked, bo.keys.privateKey, messageId(1), plaintext(1)).record;
    expect(outcomes(openRun(ana.chain, [real, alarm], NOW))).toEqual(['forked', 'tampered']);
  });

  test('when it came before, also within one list', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 2);
    const first = openRun(ana.chain, [at(records, 0), at(records, 0), at(records, 1)], NOW);
    expect(outcomes(first)).toEqual(['ok', 'duplicate', 'ok']);
    const again = openRun(first.next, records, NOW);
    expect(outcomes(again)).toEqual(['duplicate', 'duplicate']);
    expect(again.next).toBe(first.next);
  });

  test('when it is more than 2,000 ahead, and opens at 2,000', () => {
    const { ana } = world();
    const ahead = (count: number): Bytes =>
      sealRecord(steppedTo(ana.chain, count), ana.keys.privateKey, messageId(count), plaintext(count)).record;
    const beyond = openRun(ana.chain, [ahead(MAX_AHEAD + 1)], NOW);
    expect(outcomes(beyond)).toEqual(['too-far-future']);
    expect(beyond.next).toBe(ana.chain);
    const within = openRun(ana.chain, [ahead(MAX_AHEAD)], NOW);
    expect(outcomes(within)).toEqual(['ok']);
    expect(within.next.skipped).toHaveLength(MAX_AHEAD);
  });

  test('when its sender signed something that does not decrypt or is not padded as the protocol says', () => {
    const { ana } = world();
    const { unsigned } = draftRecord(ana.chain, messageId(0), plaintext(0));
    const garbled = unsigned.slice();
    garbled[HEADER_LENGTH] = (garbled[HEADER_LENGTH] ?? 0) ^ 1;
    const header = unsigned.subarray(0, HEADER_LENGTH);
    const { messageKey } = stepChain(ana.chain.chainKey);
    const withTail = new Uint8Array(256);
    withTail[255] = 1;
    const sealed = (padded: Bytes): Bytes =>
      signed(concat(header, aesGcmSeal(messageKey, new Uint8Array(12), header, padded)), ana);
    const run = [
      signed(garbled, ana),
      sealed(withTail),
      sealed(new Uint8Array(512)),
      sealed(new Uint8Array(256).fill(255)),
    ];
    for (const [index, code] of ['tampered', 'malformed', 'malformed', 'malformed'].entries()) {
      const opened = openRun(ana.chain, [at(run, index)], NOW);
      expect(outcomes(opened)).toEqual([code]);
      expect(opened.next).toBe(ana.chain);
    }
  });

  test('when it is of another version, cut short or too long for an entry', () => {
    const { ana } = world();
    const record = at(sealMany(ana, 1).records, 0);
    const another = record.slice();
    another[0] = 2;
    const run = [another, new Uint8Array(0), record.subarray(0, 400), new Uint8Array(limits.entry + 1).fill(1)];
    expect(outcomes(openRun(ana.chain, run, NOW))).toEqual(['wrong-version', 'malformed', 'malformed', 'malformed']);
  });
});

describe('skipped keys', () => {
  test('open what was overtaken, once', () => {
    const { ana } = world();
    const { records, next } = sealMany(ana, 4);
    const first = openRun(ana.chain, [at(records, 3)], NOW);
    expect(first.next.skipped.map(({ iteration }) => iteration)).toEqual([0, 1, 2]);
    const late = openRun(first.next, [at(records, 1), at(records, 1), at(records, 0)], NOW + 1000);
    expect(outcomes(late)).toEqual(['ok', 'duplicate', 'ok']);
    const last = openRun(late.next, [at(records, 2)], NOW + 2000);
    expect(chainToBytes(last.next)).toEqual(chainToBytes(next));
  });

  test('last seven days', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 3);
    const { next } = openRun(ana.chain, [at(records, 2)], NOW);
    expect(outcomes(openRun(next, [at(records, 0)], NOW + SKIPPED_LIFETIME_MS))).toEqual(['ok']);
    const tooLate = openRun(next, [at(records, 0)], NOW + SKIPPED_LIFETIME_MS + 1);
    expect(outcomes(tooLate)).toEqual(['duplicate']);
    expect(pruneSkipped(next, NOW)).toBe(next);
    expect(pruneSkipped(next, NOW + SKIPPED_LIFETIME_MS + 1).skipped).toEqual([]);
  });

  test('are 2,000 at most, the newest of them', () => {
    const { ana } = world();
    const ahead = (count: number): Bytes =>
      sealRecord(steppedTo(ana.chain, count), ana.keys.privateKey, messageId(count), plaintext(count)).record;
    const first = openRun(ana.chain, [ahead(1500)], NOW);
    const second = openRun(first.next, [ahead(3000)], NOW + 1);
    expect(second.next.skipped).toHaveLength(2000);
    expect(outcomes(openRun(second.next, [ahead(100), ahead(1400)], NOW + 2))).toEqual(['duplicate', 'ok']);
  });
});

describe('a stored chain', () => {
  test('comes back the same, with its skipped keys', () => {
    const { ana } = world();
    const { next } = openRun(ana.chain, [at(sealMany(ana, 4).records, 3)], NOW);
    expect(chainFromBytes(chainToBytes(next))).toEqual({ ok: true, value: next });
  });

  test('holds no key that was used', () => {
    const { ana } = world();
    const { records } = sealMany(ana, 4);
    const keys = [0, 1, 2, 3].map((count) => stepChain(steppedTo(ana.chain, count).chainKey).messageKey);
    const { next } = openRun(ana.chain, [at(records, 3), at(records, 1)], NOW);
    const stored = chainToBytes(next);
    const holds = keys.map((key) => indexOf(stored, key) >= 0);
    expect(holds).toEqual([true, false, true, false]);
    // Nor does the chain key lead back: everything reachable from it opens none of them.
    for (let chain = next, step = 0; step < 50; step++, chain = steppedTo(chain, 1)) {
      const { messageKey } = stepChain(chain.chainKey);
      const opens = records.some((record) => aesGcmOpens(messageKey, record));
      expect(opens).toBe(false);
    }
  });

  test('is refused when it is anything else', () => {
    const { ana } = world();
    const { next } = openRun(ana.chain, [at(sealMany(ana, 3).records, 2)], NOW);
    const stored = chainToBytes(next);
    expect(chainFromBytes(stored.subarray(0, -1)).ok).toBe(false);
    expect(chainFromBytes(concat(stored, Uint8Array.of(0))).ok).toBe(false);
    const [key] = next.skipped;
    if (key === undefined) throw new Error('a key was skipped');
    expect(chainFromBytes(chainToBytes({ ...next, skipped: [key, key] })).ok).toBe(false);
    expect(chainFromBytes(chainToBytes({ ...next, skipped: [{ ...key, iteration: 9 }] })).ok).toBe(false);
  });

  test('differs for each leaf, group secret and nothing else', () => {
    const { exported, context, ana, bo } = world();
    const leaves = [ana, bo].map(({ keys }, leaf) => ({ leaf, signaturePublic: keys.publicKey }));
    expect(deriveChains(exported, context, leaves)).toEqual([ana.chain, bo.chain]);
    expect(ana.chain.chainKey).not.toEqual(bo.chain.chainKey);
    const [other] = deriveChains(sha256(exported), context, leaves);
    expect(other?.chainKey).not.toEqual(ana.chain.chainKey);
  });
});

function aesGcmOpens(key: Bytes, record: Bytes): boolean {
  const header = record.subarray(0, HEADER_LENGTH);
  return aesGcmOpen(key, new Uint8Array(12), header, unsignedPart(record).subarray(HEADER_LENGTH)) !== undefined;
}

function indexOf(haystack: Bytes, needle: Bytes): number {
  for (let start = 0; start + needle.length <= haystack.length; start++) {
    if (equal(haystack.subarray(start, start + needle.length), needle)) return start;
  }
  return -1;
}
