import { equal, type Bytes } from '../../core/bytes.ts';
import type { MessageId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { aesGcmOpen } from '../primitives.ts';
import { authenticate, isSigned, type Authentic, type Candidate } from './authenticate.ts';
import { isLive, MAX_SKIPPED, stepChain, type SenderChain, type SkippedKey } from './chain.ts';
import { MAX_AHEAD, senderKeyFault, type SenderKeyErrorCode, type SenderKeyFault } from './fault.ts';
import { ciphertextPart, headerPart, readHeader, type RecordHeader } from './layout.ts';
import { unpad } from './padding.ts';
import { NONCE } from './seal.ts';

export interface OpenedRecord {
  readonly messageId: MessageId;
  readonly plaintext: Bytes;
  readonly header: RecordHeader;
}

/**
 * Opens records of one sender in one epoch, in any order (protocol.md §3). Every record is first
 * authenticated, then opened, so nothing that the sender didn't write ever moves the chain.
 * @param records as they arrived; each gets the result at its own position. Never throws for what is in them.
 * @param now milliseconds, for the age of skipped keys.
 * @returns `next` is `chain` itself when nothing opened.
 */
export function openRun(
  chain: SenderChain,
  records: readonly Bytes[],
  now: number,
): { results: readonly Result<OpenedRecord, SenderKeyFault>[]; next: SenderChain } {
  const results: Result<OpenedRecord, SenderKeyFault>[] = records.map(() => err(senderKeyFault('tampered')));
  const keys = createKeys(chain, now);
  const candidates: Candidate[] = [];
  records.forEach((record, index) => {
    const header = readHeader(record);
    if (!header.ok) {
      results[index] = header;
      return;
    }
    const candidate = { index, record, header: header.value };
    const fault = mismatch(chain, candidate) ?? (keys.isUsed(header.value.iteration) ? 'duplicate' : undefined);
    if (fault === undefined) candidates.push(candidate);
    else results[index] = err(senderKeyFault(fault));
  });
  let newest: Authentic | undefined;
  for (const authentic of authenticate(candidates, chain.signaturePublic)) {
    const opened = openOne(authentic, keys);
    results[authentic.index] = opened;
    if (opened.ok && authentic.header.iteration >= chain.iteration) newest = authentic;
  }
  return { results, next: keys.chainAfter(newest?.hash) };
}

/** Why a record isn't one of this chain. What a fork looks like is believed only from the sender. */
function mismatch(chain: SenderChain, candidate: Candidate): SenderKeyErrorCode | undefined {
  const { header } = candidate;
  const isSameEpoch = header.epoch === chain.epoch && equal(header.groupId, chain.groupId);
  if (!isSameEpoch || header.leaf !== chain.leaf || header.suite !== chain.suite) return 'wrong-epoch';
  if (equal(header.authenticatorHash, chain.authenticatorHash)) return undefined;
  return isSigned(candidate, chain.signaturePublic) ? 'forked' : 'tampered';
}

function openOne({ record, header }: Authentic, keys: Keys): Result<OpenedRecord, SenderKeyFault> {
  const { iteration, messageId } = header;
  if (keys.isUsed(iteration)) return err(senderKeyFault('duplicate'));
  const found = keys.find(iteration);
  if (found === undefined) return err(senderKeyFault('too-far-future'));
  const padded = aesGcmOpen(found.messageKey, NONCE, headerPart(record), ciphertextPart(record));
  if (padded === undefined) return err(senderKeyFault('tampered', 'ciphertext'));
  const plaintext = unpad(padded);
  if (plaintext === undefined) return err(senderKeyFault('malformed', 'padding'));
  found.use();
  return ok({ messageId, plaintext, header });
}

interface Keys {
  /** Whether the key of `iteration` is gone: opened before, or skipped and too old. */
  isUsed(iteration: number): boolean;
  /** The message key, and what takes it out of the chain; `undefined` where it is too far ahead. */
  find(iteration: number): { messageKey: Bytes; use: () => void } | undefined;
  chainAfter(newestHash: Bytes | undefined): SenderChain;
}

/** The keys of a chain while a run is opened. Only `use` changes anything. */
function createKeys(chain: SenderChain, now: number): Keys {
  let { iteration: nextIteration, chainKey } = chain;
  let isChanged = false;
  const skipped = new Map<number, SkippedKey>();
  for (const key of chain.skipped) if (isLive(key, now)) skipped.set(key.iteration, key);

  return {
    isUsed: (iteration) => iteration < nextIteration && !skipped.has(iteration),
    find(iteration) {
      const kept = skipped.get(iteration);
      if (kept !== undefined) {
        const use = (): void => {
          skipped.delete(iteration);
          isChanged = true;
        };
        return { messageKey: kept.messageKey, use };
      }
      if (iteration - nextIteration > MAX_AHEAD) return undefined;
      const passed: SkippedKey[] = [];
      let step = stepChain(chainKey);
      for (let at = nextIteration; at < iteration; at++) {
        passed.push({ iteration: at, messageKey: step.messageKey, at: now });
        step = stepChain(step.next);
      }
      const { messageKey, next } = step;
      const use = (): void => {
        for (const key of passed) skipped.set(key.iteration, key);
        [nextIteration, chainKey, isChanged] = [iteration + 1, next, true];
      };
      return { messageKey, use };
    },
    chainAfter(newestHash) {
      if (!isChanged) return chain;
      return {
        ...chain,
        iteration: nextIteration,
        chainKey,
        previousHash: newestHash ?? chain.previousHash,
        skipped: [...skipped.values()].slice(-MAX_SKIPPED),
      };
    },
  };
}
