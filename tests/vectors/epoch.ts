import { concat, hexFromBytes as hex, u64, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes, type MessageId } from '../../src/lib/core/ids.ts';
import { ed25519, type KeyPair } from '../../src/lib/crypto/primitives.ts';
import { deriveChains, stepChain, type SenderChain } from '../../src/lib/crypto/senderKey/chain.ts';
import {
  ciphertextPart,
  headerPart,
  MAX_PLAINTEXT,
  readHeader,
  recordHash,
  recordToSign,
  signaturePart,
  unsignedPart,
} from '../../src/lib/crypto/senderKey/layout.ts';
import { paddedLength, pad } from '../../src/lib/crypto/senderKey/padding.ts';
import { sealRecord } from '../../src/lib/crypto/senderKey/seal.ts';
import { seededRandom } from '../crypto/senderKeyWorld.ts';
import type { ChainVectors, PaddingVectors, RecordVector } from './shape.ts';

/** The epoch that all sender-key vectors are of. Leaf 1 is blank, so that leaves are not just counted. */
const random = seededRandom('cairn test vectors: an epoch');
export const context = {
  suite: 83,
  groupId: random.bytes(16),
  epoch: 2 ** 32 + 7,
  authenticatorHash: random.bytes(32),
};
const exported = random.bytes(32);

export interface Sender {
  readonly keys: KeyPair;
  readonly chain: SenderChain;
}

const LEAVES = [0, 2, 1000];
export const senders: readonly Sender[] = LEAVES.map((leaf) => {
  const keys = ed25519.keyPair(random);
  const [chain] = deriveChains(exported, context, [{ leaf, signaturePublic: keys.publicKey }]);
  if (chain === undefined) throw new Error('a leaf has a chain');
  return { keys, chain };
});

export const idAt = (index: number): MessageId => idFromBytes<MessageId>(seededRandom(`message ${index}`).bytes(16));

/** Records of `sender` from the start of the chain, and the message keys that sealed them. */
export function sealed(sender: Sender, plaintexts: readonly Bytes[]): Bytes[] {
  let { chain } = sender;
  return plaintexts.map((plaintext, index) => {
    const { record, next } = sealRecord(chain, sender.keys.privateKey, idAt(index), plaintext);
    chain = next;
    return record;
  });
}

export function chainVectors(): ChainVectors {
  return {
    suite: context.suite,
    groupId: hex(context.groupId),
    epoch: context.epoch,
    authenticatorHash: hex(context.authenticatorHash),
    exporterContext: hex(concat(context.groupId, u64(context.epoch))),
    exported: hex(exported),
    leaves: senders.map(({ keys, chain }) => ({
      leaf: chain.leaf,
      signaturePrivate: hex(keys.privateKey),
      signaturePublic: hex(keys.publicKey),
      head: hex(chain.chainKey),
      steps: stepsOf(chain, 5),
    })),
  };
}

function stepsOf(chain: SenderChain, count: number): ChainVectors['leaves'][number]['steps'] {
  let { chainKey } = chain;
  return Array.from({ length: count }, (_, iteration) => {
    const { messageKey, next } = stepChain(chainKey);
    chainKey = next;
    return { iteration, messageKey: hex(messageKey), next: hex(next) };
  });
}

const TEXTS = ['', 'See you at the hut.', 'x'.repeat(252), 'x'.repeat(253), 'Noch eine Stunde 🥾'];

export function recordVectors(): RecordVector[] {
  return senders.flatMap((sender) => {
    const plaintexts = TEXTS.map(utf8);
    const steps = stepsOf(sender.chain, TEXTS.length);
    return sealed(sender, plaintexts).map((record, iteration) => {
      const header = readHeader(record);
      const plaintext = plaintexts[iteration];
      if (!header.ok || plaintext === undefined) throw new Error('a record that was sealed has a header');
      return {
        leaf: sender.chain.leaf,
        iteration,
        messageId: hex(seededRandom(`message ${iteration}`).bytes(16)),
        previousHash: hex(header.value.previousHash),
        messageKey: steps[iteration]?.messageKey ?? '',
        plaintext: hex(plaintext),
        padded: hex(pad(plaintext)),
        header: hex(headerPart(record)),
        ciphertext: hex(ciphertextPart(record)),
        toSign: hex(recordToSign(unsignedPart(record))),
        signature: hex(signaturePart(record)),
        record: hex(record),
        hash: hex(recordHash(unsignedPart(record))),
      };
    });
  });
}

const EDGES = [256, 512, 1024, 2048, 4096, 4352, 8192, 65_536, 1_048_576].flatMap((size) => [
  size - 5,
  size - 4,
  size - 3,
]);

export function paddingVectors(): PaddingVectors {
  const good = pad(utf8('hut'));
  const altered = (at: number, value: number): Bytes => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  return {
    lengths: [0, 1, ...EDGES, 10_000, 1_000_000, MAX_PLAINTEXT].map((length) => ({
      length,
      padded: paddedLength(length),
    })),
    refused: [
      { why: 'a byte behind the plaintext is not zero', padded: hex(altered(255, 1)) },
      { why: 'the length is longer than what is there', padded: hex(altered(2, 1)) },
      { why: 'the length is beyond 31 bits', padded: hex(altered(0, 0xff)) },
      { why: 'padded to the next but one step', padded: hex(concat(good, new Uint8Array(256))) },
      { why: 'not padded', padded: hex(good.subarray(0, 7)) },
      { why: 'no length', padded: '000000' },
    ],
  };
}
