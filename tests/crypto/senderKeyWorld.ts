import { u32, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { idFromBytes, type MessageId } from '../../src/lib/core/ids.ts';
import type { Random } from '../../src/lib/core/ports.ts';
import { ed25519, sha256, type KeyPair } from '../../src/lib/crypto/primitives.ts';
import { deriveChains, type ChainContext, type SenderChain } from '../../src/lib/crypto/senderKey/chain.ts';
import type { OpenedRun } from '../../src/lib/crypto/senderKey/open.ts';
import { sealRecord } from '../../src/lib/crypto/senderKey/seal.ts';

/** Bytes that look random and are the same in every run. */
export function seededRandom(seed: string): Random {
  let state = sha256(utf8(seed));
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 32) {
        state = sha256(state);
        bytes.set(sha256(state).subarray(0, Math.min(32, length - at)), at);
      }
      return bytes;
    },
  };
}

export const NOW = 1_700_000_000_000;

export interface World {
  readonly exported: Bytes;
  readonly context: ChainContext;
  readonly ana: Sender;
  readonly bo: Sender;
}

export interface Sender {
  readonly keys: KeyPair;
  /** As every member has it on entering the epoch. */
  readonly chain: SenderChain;
}

/** A group of two in epoch 7: ana at leaf 0, bo at leaf 1. */
export function world(seed = 'hike'): World {
  const random = seededRandom(seed);
  const exported = random.bytes(32);
  const context = { suite: 83, groupId: random.bytes(16), epoch: 7, authenticatorHash: random.bytes(32) };
  const [anaKeys, boKeys] = [ed25519.keyPair(random), ed25519.keyPair(random)];
  const leaves = [anaKeys, boKeys].map(({ publicKey }, leaf) => ({ leaf, signaturePublic: publicKey }));
  const [ana, bo] = deriveChains(exported, context, leaves);
  if (ana === undefined || bo === undefined) throw new Error('two leaves have two chains');
  return { exported, context, ana: { keys: anaKeys, chain: ana }, bo: { keys: boKeys, chain: bo } };
}

export const messageId = (index: number): MessageId => {
  const bytes = new Uint8Array(16);
  bytes.set(u32(index), 12);
  return idFromBytes<MessageId>(bytes);
};

export const plaintext = (index: number): Bytes => utf8(`message ${index}`);

/** `count` records from the start of a sender's chain, and the chain after them. */
export function sealMany(sender: Sender, count: number): { records: Bytes[]; next: SenderChain } {
  const records: Bytes[] = [];
  let chain = sender.chain;
  for (let index = 0; index < count; index++) {
    const { record, next } = sealRecord(chain, sender.keys.privateKey, messageId(index), plaintext(index));
    records.push(record);
    chain = next;
  }
  return { records, next: chain };
}

/** `ok`, or the code of the fault, for each record. */
export const outcomes = (run: OpenedRun): string[] =>
  run.results.map((result) => (result.ok ? 'ok' : result.error.code));

export const flipped = (bytes: Bytes, bit: number): Bytes => {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};
