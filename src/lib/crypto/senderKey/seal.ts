import { concat, type Bytes } from '../../core/bytes.ts';
import type { MessageId } from '../../core/ids.ts';
import type { Signer } from '../platformSignature.ts';
import { aesGcmSeal, ed25519 } from '../primitives.ts';
import { stepChain, type SenderChain } from './chain.ts';
import { bytesFromHeader, MAX_PLAINTEXT, RECORD_VERSION, recordHash, recordToSign } from './layout.ts';
import { pad } from './padding.ts';

/** The key of a record seals nothing else, so its nonce needs no other value. */
export const NONCE = new Uint8Array(12);
const LAST_ITERATION = 0xffffffff;

/** What a signature is still missing from, and the chain after it. */
export interface RecordDraft {
  /** Header ‖ ciphertext. */
  readonly unsigned: Bytes;
  readonly next: SenderChain;
}

/**
 * Seals one message (protocol.md §3). `next` has to be on disk before the record leaves: the same
 * iteration must never seal two messages.
 * @param signaturePrivate Ed25519 seed of the chain's leaf.
 * @param plaintext at most {@link MAX_PLAINTEXT} bytes.
 */
export function sealRecord(
  chain: SenderChain,
  signaturePrivate: Bytes,
  messageId: MessageId,
  plaintext: Uint8Array,
): { record: Bytes; next: SenderChain } {
  const { unsigned, next } = draftRecord(chain, messageId, plaintext);
  return { record: concat(unsigned, ed25519.sign(recordToSign(unsigned), signaturePrivate)), next };
}

/** A record without its signature, for {@link signDraft}. */
export function draftRecord(chain: SenderChain, messageId: MessageId, plaintext: Uint8Array): RecordDraft {
  if (plaintext.length > MAX_PLAINTEXT) throw new RangeError('plaintext is too long for a record');
  if (chain.iteration >= LAST_ITERATION) throw new RangeError('the chain is used up');
  const { suite, groupId, epoch, authenticatorHash, leaf, iteration, previousHash } = chain;
  const version = RECORD_VERSION;
  const header = bytesFromHeader({
    version,
    suite,
    groupId,
    epoch,
    authenticatorHash,
    leaf,
    iteration,
    messageId,
    previousHash,
  });
  const { messageKey, next } = stepChain(chain.chainKey);
  const unsigned = concat(header, aesGcmSeal(messageKey, NONCE, header, pad(plaintext)));
  return {
    unsigned,
    next: { ...chain, iteration: iteration + 1, chainKey: next, previousHash: recordHash(unsigned) },
  };
}

/**
 * The record of a draft, signed on the platform, before the transaction that stores it and `next`.
 * @param signer of the chain's leaf.
 */
export const signDraft = async (draft: RecordDraft, signer: Signer): Promise<Bytes> =>
  concat(draft.unsigned, await signer.sign(recordToSign(draft.unsigned)));
