import { textFromUtf8, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { newId, type MessageId } from '../../src/lib/core/ids.ts';
import type { Random } from '../../src/lib/core/ports.ts';
import { createSigner, type SignaturePlatform, type Signer } from '../../src/lib/crypto/platformSignature.ts';
import { ed25519, type KeyPair } from '../../src/lib/crypto/primitives.ts';
import {
  authenticateRun,
  authenticateRunNow,
  type AuthenticatedRun,
} from '../../src/lib/crypto/senderKey/authenticate.ts';
import { deriveChains, type SenderChain } from '../../src/lib/crypto/senderKey/chain.ts';
import { readHeader } from '../../src/lib/crypto/senderKey/layout.ts';
import { openAuthenticated, type OpenedRun } from '../../src/lib/crypto/senderKey/open.ts';
import { draftRecord, sealRecord, signDraft } from '../../src/lib/crypto/senderKey/seal.ts';
import { timed } from '../rates.ts';
import { check, interleaved, onceFor, payload, SENDERS, type Implementation } from './tasks.ts';

const random: Random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };

/**
 * @param platform whose signatures to use, before the transaction; none for JavaScript's, at once: what a
 * transaction can do, and a browser without Ed25519.
 */
export function createCairn(name: string, platform?: SignaturePlatform): Implementation {
  const authenticate = (chain: SenderChain, records: readonly Bytes[]): Promise<AuthenticatedRun> | AuthenticatedRun =>
    platform === undefined ? authenticateRunNow(chain, records) : authenticateRun(chain, records, platform);
  const sealed = onceFor(async (count) => {
    const members = epochOf(SENDERS);
    const states = members.map(({ chain }) => chain);
    const records = interleaved(count, (sender, index) => {
      const { record, next } = sealRecord(states[sender]!, members[sender]!.keys.privateKey, id(), text(index));
      states[sender] = next;
      return record;
    });
    return { chains: members.map(({ chain }) => chain), records };
  });
  const sealedByOne = onceFor(async (count) => {
    const [{ chain, keys }] = epochOf(1) as [Member];
    let state = chain;
    const records = Array.from({ length: count }, (_, index) => {
      const { record, next } = sealRecord(state, keys.privateKey, id(), text(index));
      state = next;
      return record;
    });
    return { chain, records };
  });
  return {
    name,
    async seal(count) {
      const [{ chain, keys }] = epochOf(1) as [Member];
      const signer = await createSigner(keys.privateKey, platform);
      const ids = Array.from({ length: count }, id);
      const texts = ids.map((_, index) => text(index));
      const seal = platform === undefined ? sealAtOnce(keys) : sealWith(signer);
      return timed(async () => {
        let state = chain;
        for (const [index, messageId] of ids.entries()) {
          ({ next: state } = await seal(state, messageId, texts[index]!));
        }
      });
    },
    async open(count) {
      const { chain, records } = await sealedByOne(count);
      const opened: OpenedRun['results'][number][] = [];
      const took = await timed(async () => {
        let state = chain;
        for (const record of records) {
          const { results, next } = openAuthenticated(state, await authenticate(state, [record]), 0);
          opened.push(...results);
          state = next;
        }
      });
      opened.forEach((result, index) => check(result.ok && textFromUtf8(result.value.plaintext) === payload(index)));
      return took;
    },
    async backlog(count) {
      const { chains, records } = await sealed(count);
      let runs: OpenedRun[] = [];
      const took = await timed(async () => {
        const bySender = chains.map(() => [] as Bytes[]);
        for (const record of records) {
          const header = readHeader(record);
          if (header.ok) bySender[header.value.leaf]?.push(record);
        }
        runs = await Promise.all(
          chains.map(async (chain, leaf) => openAuthenticated(chain, await authenticate(chain, bySender[leaf]!), 0)),
        );
      });
      check(runs.reduce((sum, { results }) => sum + results.length, 0) === count);
      for (const { results } of runs) {
        results.forEach((result, index) => check(result.ok && textFromUtf8(result.value.plaintext) === payload(index)));
      }
      return took;
    },
  };
}

interface Member {
  readonly chain: SenderChain;
  readonly keys: KeyPair;
}

function epochOf(members: number): Member[] {
  const keys = Array.from({ length: members }, () => ed25519.keyPair(random));
  const context = { suite: 83, groupId: random.bytes(16), epoch: 1, authenticatorHash: random.bytes(32) };
  const leaves = keys.map(({ publicKey }, leaf) => ({ leaf, signaturePublic: publicKey }));
  return deriveChains(random.bytes(32), context, leaves).map((chain, leaf) => ({ chain, keys: keys[leaf]! }));
}

type Seal = (chain: SenderChain, id: MessageId, text: Bytes) => Promise<{ record: Bytes; next: SenderChain }>;

const sealWith =
  (signer: Signer): Seal =>
  async (chain, messageId, plaintext) => {
    const draft = draftRecord(chain, messageId, plaintext);
    return { record: await signDraft(draft, signer), next: draft.next };
  };

const sealAtOnce =
  ({ privateKey }: KeyPair): Seal =>
  async (chain, messageId, plaintext) =>
    sealRecord(chain, privateKey, messageId, plaintext);

const id = (): MessageId => newId<MessageId>(random);
const text = (index: number): Bytes => utf8(payload(index));
