import { concat, hexFromBytes as hex, u32, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { aesGcmSeal, ed25519, sha256 } from '../../src/lib/crypto/primitives.ts';
import {
  pruneSkipped,
  SKIPPED_LIFETIME_MS,
  stepChain,
  type SenderChain,
} from '../../src/lib/crypto/senderKey/chain.ts';
import { bytesFromHeader, headerPart, recordToSign, unsignedPart } from '../../src/lib/crypto/senderKey/layout.ts';
import { openRun } from '../../src/lib/crypto/senderKey/open.ts';
import { pad } from '../../src/lib/crypto/senderKey/padding.ts';
import { sealRecord } from '../../src/lib/crypto/senderKey/seal.ts';
import { context, idAt, sealed, senders, type Sender } from './epoch.ts';
import type { Batch, ChainState, ReceivingVector } from './shape.ts';

const NOW = 1_800_000_000_000;
const NO_SIGNATURE = new Uint8Array(64);
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const [ana, , bo] = senders;
if (ana === undefined || bo === undefined) throw new Error('there are three senders');
const sender: Sender = ana;
const other: Sender = bo;
const texts = Array.from({ length: 8 }, (_, i) => utf8(`message ${i}`));
const run = sealed(sender, texts);
const at = (index: number): Bytes => run[index] ?? NO_SIGNATURE;

/** A batch as it is told below: each record with what becomes of it. */
interface Told {
  readonly later?: number;
  readonly records: readonly (readonly [Bytes, string])[];
}

/** The scenes of `receiving.json`. What comes out is stated here by hand; the states after are worked out. */
export const receivingVectors = (): ReceivingVector[] =>
  [...honest(), ...refused()].map(({ name, batches }) => {
    let { chain } = sender;
    return {
      name,
      leaf: sender.chain.leaf,
      batches: batches.map(({ later = 0, records }): Batch => {
        const now = NOW + later;
        const opened = openRun(
          chain,
          records.map(([record]) => record),
          now,
        );
        chain = opened.next;
        return {
          now,
          records: records.map(([record]) => hex(record)),
          outcomes: records.map(([, outcome]) => outcome),
          plaintexts: opened.results.map((result) => (result.ok ? hex(result.value.plaintext) : null)),
          after: stateOf(chain, now),
        };
      }),
    };
  });

/** What is left of a chain at `now`: a skipped key that is too old counts as gone. */
export const stateOf = (chain: SenderChain, now: number): ChainState => ({
  iteration: chain.iteration,
  chainKey: hex(chain.chainKey),
  previousHash: hex(chain.previousHash),
  skipped: {
    count: pruneSkipped(chain, now).skipped.length,
    hash: hex(
      sha256(concat(...pruneSkipped(chain, now).skipped.flatMap((key) => [u32(key.iteration), key.messageKey]))),
    ),
  },
});

interface Scene {
  readonly name: string;
  readonly batches: readonly Told[];
}

function honest(): Scene[] {
  const unsigned = (index: number): Bytes => concat(unsignedPart(at(index)), NO_SIGNATURE);
  const near = leap(1_999);
  const far = leap(2_000);
  const tooFar = leap(2_001);
  const further = leap(4_001);
  return [
    { name: 'records in order', batches: [all([0, 1, 2, 3].map((i) => [at(i), 'ok']))] },
    {
      name: 'one signature at the end speaks for the run',
      batches: [
        all([
          [unsigned(0), 'ok'],
          [unsigned(1), 'ok'],
          [unsigned(2), 'ok'],
          [at(3), 'ok'],
        ]),
      ],
    },
    {
      name: 'what is behind the last good signature is refused, what is before it opens',
      batches: [
        all([
          [unsigned(0), 'ok'],
          [at(1), 'ok'],
          [unsigned(2), 'tampered'],
        ]),
        all([[at(2), 'ok']]),
      ],
    },
    {
      name: 'a signature does not reach over a gap',
      batches: [
        all([
          [unsigned(0), 'tampered'],
          [at(2), 'ok'],
        ]),
        all([
          [at(0), 'ok'],
          [at(1), 'ok'],
        ]),
      ],
    },
    {
      name: 'out of order in one batch, then overtaken ones, then all of it again',
      batches: [
        all([
          [at(5), 'ok'],
          [at(0), 'ok'],
          [at(3), 'ok'],
        ]),
        all([
          [at(2), 'ok'],
          [at(1), 'ok'],
        ]),
        all([
          [at(0), 'duplicate'],
          [at(1), 'duplicate'],
          [at(5), 'duplicate'],
          [at(4), 'ok'],
          [at(6), 'ok'],
        ]),
      ],
    },
    {
      name: 'the same record twice in one batch',
      batches: [
        all([
          [at(0), 'ok'],
          [at(0), 'duplicate'],
        ]),
      ],
    },
    {
      name: 'a sender who signed two records of one iteration',
      batches: [
        all([
          [at(0), 'ok'],
          [sealOne(sender, 0, utf8('another first')), 'duplicate'],
          [at(1), 'ok'],
        ]),
      ],
    },
    {
      name: 'a skipped key is good for seven days and no longer',
      batches: [
        all([[at(2), 'ok']]),
        { later: SKIPPED_LIFETIME_MS, records: [[at(0), 'ok']] },
        { later: SKIPPED_LIFETIME_MS + 1, records: [[at(1), 'duplicate']] },
      ],
    },
    {
      name: '2,000 iterations may be skipped',
      batches: [
        all([[far, 'ok']]),
        all([
          [at(0), 'ok'],
          [near, 'ok'],
        ]),
      ],
    },
    {
      name: 'more than 2,000 iterations ahead waits for nothing; it opens once the chain is near enough',
      batches: [
        all([[tooFar, 'too-far-future']]),
        all([
          [tooFar, 'ok'],
          [at(0), 'ok'],
        ]),
      ],
    },
    {
      name: 'the newest 2,000 skipped keys are kept',
      batches: [
        all([[far, 'ok']]),
        all([[further, 'ok']]),
        all([
          [at(0), 'duplicate'],
          [near, 'duplicate'],
        ]),
      ],
    },
  ];
}

function refused(): Scene[] {
  const flip = (index: number): Bytes => {
    const copy = at(0).slice();
    copy[index] = (copy[index] ?? 0) ^ 1;
    return copy;
  };
  const fields: readonly (readonly [string, number, string])[] = [
    ['version', 0, 'wrong-version'],
    ['suite', 2, 'wrong-epoch'],
    ['group id', 18, 'wrong-epoch'],
    ['epoch', 26, 'wrong-epoch'],
    ['epoch authenticator', 58, 'tampered'],
    ['leaf', 62, 'wrong-epoch'],
    ['iteration', 66, 'tampered'],
    ['message id', 82, 'tampered'],
    ['hash of the record before', 114, 'tampered'],
    ['ciphertext', 115, 'tampered'],
    ['tag', at(0).length - 65, 'tampered'],
    ['signature, R', at(0).length - 64, 'tampered'],
    ['signature, S', at(0).length - 32, 'tampered'],
  ];
  const one = (name: string, record: Bytes, outcome: string): Scene => ({
    name,
    // The record itself opens after it: a refusal moves nothing.
    batches: [all([[record, outcome]]), all([[at(0), 'ok']])],
  });
  const header = { version: 1, ...context, leaf: sender.chain.leaf, iteration: 0, messageId: idAt(0) };
  const previousHash = new Uint8Array(32);
  return [
    ...fields.map(([name, index, outcome]) => one(`one bit of the ${name}`, flip(index), outcome)),
    one('no byte at all', new Uint8Array(0), 'malformed'),
    one('a byte less', at(0).slice(0, -1), 'malformed'),
    one('a byte more', concat(at(0), Uint8Array.of(0)), 'tampered'),
    one('an epoch beyond 2^53', beyond(), 'malformed'),
    one('of the epoch after', resealed({ ...header, epoch: context.epoch + 1, previousHash }), 'wrong-epoch'),
    one(
      'over another history of the group',
      resealed({ ...header, authenticatorHash: new Uint8Array(32), previousHash }),
      'forked',
    ),
    one("signed with another member's key", signed(unsignedPart(at(0)), other), 'tampered'),
    one('of another leaf', sealOne(other, 0, texts[0] ?? NO_SIGNATURE), 'wrong-epoch'),
    one('signature with S above the group order', malleable(at(0)), 'tampered'),
    one('signed, but sealed with the key of the next iteration', wrongKey(), 'tampered'),
    one('signed, but padded with a byte that is not zero', resealed({ ...header, previousHash }, 1), 'malformed'),
  ];
}

const all = (records: Told['records']): Told => ({ records });

const signed = (unsigned: Bytes, by: Sender): Bytes =>
  concat(unsigned, ed25519.sign(recordToSign(unsigned), by.keys.privateKey));

/** A record at `iteration` whose sender says that none came before. */
function sealOne(by: Sender, iteration: number, plaintext: Bytes): Bytes {
  let { chainKey } = by.chain;
  for (let i = 0; i < iteration; i++) chainKey = stepChain(chainKey).next;
  return sealRecord({ ...by.chain, iteration, chainKey }, by.keys.privateKey, idAt(iteration), plaintext).record;
}

const leap = (iteration: number): Bytes => sealOne(sender, iteration, utf8(`message ${iteration}`));

/** A record with a header of choice, as a dishonest member could write it. @param last of the padding. */
function resealed(header: Parameters<typeof bytesFromHeader>[0], last = 0): Bytes {
  const head = bytesFromHeader(header);
  const padded = pad(utf8('message 0'));
  padded[padded.length - 1] = last;
  const { messageKey } = stepChain(sender.chain.chainKey);
  return signed(concat(head, aesGcmSeal(messageKey, new Uint8Array(12), head, padded)), sender);
}

function wrongKey(): Bytes {
  const head = headerPart(at(0));
  const { messageKey } = stepChain(stepChain(sender.chain.chainKey).next);
  return signed(concat(head, aesGcmSeal(messageKey, new Uint8Array(12), head, pad(utf8('message 0')))), sender);
}

function beyond(): Bytes {
  const unsigned = unsignedPart(at(0)).slice();
  unsigned[19] = 1;
  return signed(unsigned, sender);
}

/** The same signature with the order of the group added to S. */
function malleable(record: Bytes): Bytes {
  const copy = record.slice();
  let carry = GROUP_ORDER;
  for (let i = copy.length - 32; i < copy.length; i++) {
    const sum = BigInt(copy[i] ?? 0) + (carry & 0xffn);
    copy[i] = Number(sum & 0xffn);
    carry = (carry >> 8n) + (sum >> 8n);
  }
  return copy;
}
