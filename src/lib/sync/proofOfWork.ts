import { sha256 } from '@noble/hashes/sha2.js';
import { hasZeroBits, workToHash } from '../protocol/work.ts';

/**
 * The nonce that a relay asks of a new device: half a second at 18 bits, twice as long with each bit more.
 * Runs to its end: it belongs into a worker.
 */
export function solveWork(certificate: Uint8Array, bits: number): number {
  const hash = sha256(certificate);
  for (let nonce = 0; ; nonce++) if (hasZeroBits(sha256(workToHash(hash, nonce)), bits)) return nonce;
}
