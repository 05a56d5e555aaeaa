import { equal, type Bytes } from '../../core/bytes.ts';
import type { MessageId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { aesGcmOpen } from '../primitives.ts';
import { authenticateRunNow, type AuthenticatedRun, type AuthenticRecord } from './authenticate.ts';
import { isLive, MAX_SKIPPED, stepChain, type SenderChain, type SkippedKey } from './chain.ts';
import { MAX_AHEAD, senderKeyFault, type SenderKeyFault } from './fault.ts';
import { ciphertextPart, headerPart, type RecordHeader } from './layout.ts';
import { unpad } from './padding.ts';
import { NONCE } from './seal.ts';

export interface OpenedRecord {
  readonly messageId: MessageId;
  readonly plaintext: Bytes;
  readonly header: RecordHeader;
}

export interface OpenedRun {
  /** One for each record, at its position. */
  readonly results: readonly Result<OpenedRecord, SenderKeyFault>[];
  /** The chain after it; the very chain that was handed in when nothing opened. */
  readonly next: SenderChain;
}

/**
 * Opens records of one sender in one epoch, in whatever order they arrived (protocol.md §3). All are
 * authenticated before any is opened, so nothing that the sender didn't write ever moves the chain.
 * Never throws for what is in `records`.
 * @param now milliseconds, for the age of skipped keys.
 */
export const openRun = (chain: SenderChain, records: readonly Bytes[], now: number): OpenedRun =>
  openAuthenticated(chain, authenticateRunNow(chain, records), now);

/**
 * The second half of {@link openRun}, for a transaction, after `authenticateRun` before it.
 * @param chain the chain as it is stored now; it may have moved on since `run` was authenticated.
 */
export function openAuthenticated(chain: SenderChain, run: AuthenticatedRun, now: number): OpenedRun {
  if (!isSameChain(chain, run.chain)) throw new TypeError('the run was authenticated for another chain');
  const keys = createKeys(chain, now);
  const results = Array.from({ length: run.length }, (_, index): Result<OpenedRecord, SenderKeyFault> => {
    return err(run.faults.get(index) ?? senderKeyFault('tampered'));
  });
  let previousHash = chain.previousHash;
  for (const authentic of run.authentic) {
    const opened = openOne(authentic, keys);
    results[authentic.index] = opened;
    if (opened.ok && authentic.header.iteration >= chain.iteration) previousHash = authentic.hash;
  }
  return { results, next: keys.chainAfter(previousHash) };
}

const isSameChain = (a: SenderChain, b: SenderChain): boolean =>
  a.epoch === b.epoch &&
  a.leaf === b.leaf &&
  a.suite === b.suite &&
  equal(a.groupId, b.groupId) &&
  equal(a.authenticatorHash, b.authenticatorHash) &&
  equal(a.signaturePublic, b.signaturePublic);

function openOne({ record, header }: AuthenticRecord, keys: Keys): Result<OpenedRecord, SenderKeyFault> {
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
  chainAfter(previousHash: Bytes): SenderChain;
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
        nextIteration = iteration + 1;
        chainKey = next;
        isChanged = true;
      };
      return { messageKey, use };
    },
    chainAfter(previousHash) {
      if (!isChanged) return chain;
      const kept = [...skipped.values()].slice(-MAX_SKIPPED);
      return { ...chain, iteration: nextIteration, chainKey, previousHash, skipped: kept };
    },
  };
}
