import { equal, type Bytes } from '../../core/bytes.ts';
import { ed25519 } from '../primitives.ts';
import { recordHash, recordToSign, signaturePart, unsignedPart, type RecordHeader } from './layout.ts';

/** A record that could belong to the chain: its header says so, nothing is verified. */
export interface Candidate {
  /** Position in the list that was handed in. */
  readonly index: number;
  readonly record: Bytes;
  readonly header: RecordHeader;
}

/** A record that the sender's signature covers, its own or that of a later record. */
export interface Authentic extends Candidate {
  readonly hash: Bytes;
}

/**
 * Which of `candidates` the owner of `signaturePublic` wrote, in the order of their iterations.
 *
 * Every record carries the hash of the one before it, so a valid signature speaks for the record it
 * is on, for the one whose hash that record names, and so on down the run. The newest are looked at
 * first: a run of any length costs one signature check, wherever in the list its records are. A record
 * that nothing newer speaks for has to verify by itself, which is the fallback at every gap and after
 * every failure.
 */
export function authenticate(candidates: readonly Candidate[], signaturePublic: Bytes): Authentic[] {
  const newestFirst = [...candidates].sort((a, b) => b.header.iteration - a.header.iteration || b.index - a.index);
  const authentic: Authentic[] = [];
  let vouched: Bytes[] = [];
  let vouchedIteration = -1;
  let naming: Bytes[] = [];
  let namingIteration = -1;
  for (const candidate of newestFirst) {
    const { iteration, previousHash } = candidate.header;
    if (iteration !== namingIteration) {
      [vouched, vouchedIteration] = [naming, namingIteration - 1];
      [naming, namingIteration] = [[], iteration];
    }
    const hash = recordHash(unsignedPart(candidate.record));
    const isVouched = iteration === vouchedIteration && vouched.some((named) => equal(named, hash));
    if (!isVouched && !isSigned(candidate, signaturePublic)) continue;
    authentic.push({ ...candidate, hash });
    naming.push(previousHash);
  }
  return authentic.reverse();
}

/** Whether the record's own signature is valid. */
export const isSigned = ({ record }: Candidate, signaturePublic: Bytes): boolean =>
  ed25519.verify(signaturePart(record), recordToSign(unsignedPart(record)), signaturePublic);
