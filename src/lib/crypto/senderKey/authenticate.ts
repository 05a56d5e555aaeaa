import { equal, type Bytes } from '../../core/bytes.ts';
import { createVerifier, type SignaturePlatform } from '../platformSignature.ts';
import { ed25519 } from '../primitives.ts';
import type { SenderChain } from './chain.ts';
import { senderKeyFault, type SenderKeyErrorCode, type SenderKeyFault } from './fault.ts';
import { readHeader, recordHash, recordToSign, signaturePart, unsignedPart, type RecordHeader } from './layout.ts';

/** What is known about records of one sender before any is opened. Holds for every state of that chain. */
export interface AuthenticatedRun {
  /** The chain that the records were held against, in whatever state. */
  readonly chain: SenderChain;
  /** How many records there were. */
  readonly length: number;
  /** Those the sender wrote, by iteration. */
  readonly authentic: readonly AuthenticRecord[];
  /** Why the others are refused, by position. */
  readonly faults: ReadonlyMap<number, SenderKeyFault>;
}

export interface AuthenticRecord {
  /** Position in the list that was handed in. */
  readonly index: number;
  readonly record: Bytes;
  readonly header: RecordHeader;
  /** What the next record of the chain names. */
  readonly hash: Bytes;
}

/**
 * Sorts out what the owner of the chain wrote. Never throws for what is in `records`.
 * @param platform whose signatures to use; WebCrypto's unless said otherwise.
 */
export async function authenticateRun(
  chain: SenderChain,
  records: readonly Bytes[],
  platform?: SignaturePlatform,
): Promise<AuthenticatedRun> {
  const verify = await createVerifier(chain.signaturePublic, platform);
  const steps = authenticating(chain, records);
  let step = steps.next();
  while (step.done !== true) {
    step = steps.next(await verify(signaturePart(step.value), recordToSign(unsignedPart(step.value))));
  }
  return step.value;
}

/** {@link authenticateRun} at once, for a database transaction; slower. */
export function authenticateRunNow(chain: SenderChain, records: readonly Bytes[]): AuthenticatedRun {
  const steps = authenticating(chain, records);
  let step = steps.next();
  while (step.done !== true) {
    const record = step.value;
    const isSigned = ed25519.verify(signaturePart(record), recordToSign(unsignedPart(record)), chain.signaturePublic);
    step = steps.next(isSigned);
  }
  return step.value;
}

/** Yields each record whose own signature has to be looked at, and is told whether it is valid. */
type Authenticating<T> = Generator<Bytes, T, boolean>;

function* authenticating(chain: SenderChain, records: readonly Bytes[]): Authenticating<AuthenticatedRun> {
  const faults = new Map<number, SenderKeyFault>();
  const candidates: AuthenticRecord[] = [];
  const skipped = new Set(chain.skipped.map(({ iteration }) => iteration));
  const isUsed = (iteration: number): boolean => iteration < chain.iteration && !skipped.has(iteration);
  for (const [index, record] of records.entries()) {
    const header = readHeader(record);
    const code = header.ok ? yield* mismatch(chain, header.value, record, isUsed) : undefined;
    if (!header.ok) faults.set(index, header.error);
    else if (code !== undefined) faults.set(index, senderKeyFault(code));
    else candidates.push({ index, record, header: header.value, hash: recordHash(unsignedPart(record)) });
  }
  const authentic = yield* vouchedFor(candidates);
  const isAuthentic = new Set(authentic.map(({ index }) => index));
  for (const { index } of candidates) {
    if (!isAuthentic.has(index)) faults.set(index, senderKeyFault('tampered', 'signature'));
  }
  return { chain, length: records.length, authentic, faults };
}

/** Why a record isn't one of this chain. What looks like a fork is believed only from the sender. */
function* mismatch(
  chain: SenderChain,
  header: RecordHeader,
  record: Bytes,
  isUsed: (iteration: number) => boolean,
): Authenticating<SenderKeyErrorCode | undefined> {
  const isSameEpoch = header.epoch === chain.epoch && equal(header.groupId, chain.groupId);
  if (!isSameEpoch || header.leaf !== chain.leaf || header.suite !== chain.suite) return 'wrong-epoch';
  if (isUsed(header.iteration)) return 'duplicate';
  if (equal(header.authenticatorHash, chain.authenticatorHash)) return undefined;
  return (yield record) ? 'forked' : 'tampered';
}

/**
 * Which of `candidates` the sender wrote, by iteration.
 *
 * Every record carries the hash of the one before it, so a valid signature speaks for the record it
 * is on, for the one whose hash that record names, and so on down the run. The newest are looked at
 * first: a run of any length costs one signature check, wherever in the list its records are. A record
 * that nothing newer speaks for has to verify by itself, which is the fallback at every gap and after
 * every failure.
 */
function* vouchedFor(candidates: readonly AuthenticRecord[]): Authenticating<AuthenticRecord[]> {
  const newestFirst = [...candidates].sort((a, b) => b.header.iteration - a.header.iteration || b.index - a.index);
  const authentic: AuthenticRecord[] = [];
  let current = -1;
  /** Hashes that authentic records of iteration `current`, and of `current + 1`, name. */
  let naming: Bytes[] = [];
  let named: Bytes[] = [];
  for (const candidate of newestFirst) {
    const { iteration, previousHash } = candidate.header;
    if (iteration !== current) {
      named = iteration === current - 1 ? naming : [];
      naming = [];
      current = iteration;
    }
    const isVouched = named.some((hash) => equal(hash, candidate.hash)) || (yield candidate.record);
    if (!isVouched) continue;
    authentic.push(candidate);
    naming.push(previousHash);
  }
  return authentic.reverse();
}
