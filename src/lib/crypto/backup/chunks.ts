import { concat, utf8, type Bytes } from '../../core/bytes.ts';
import { refuse } from '../../core/result.ts';
import { openLong, sealLong } from '../longSeal.ts';
import { AEAD_TAG, hkdfSha256, sha256 } from '../primitives.ts';
import { backupFault } from './fault.ts';

/** Plaintext of a chunk; the last one may be shorter. */
export const CHUNK = 64 * 1024;
export const SEALED_CHUNK = CHUNK + AEAD_TAG;

/**
 * The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its
 * Nonce-Reuse Misuse-Resistance", CRYPTO 2015, §7): each chunk's nonce holds its number and whether it is
 * the last, so that none can be dropped, moved or added. The key is of this file alone and bound to its
 * header: `HKDF(file key, SHA-256(header), "cairn/1 backup chunks")`.
 */
export const chunkKey = (fileKey: Bytes, header: Uint8Array): Bytes =>
  hkdfSha256(fileKey, sha256(header), utf8('cairn/1 backup chunks'), 32);

/** `15 zeros ‖ u64 number ‖ 1 in the last chunk, else 0`. */
function nonceOf(number: number, isLast: boolean): Bytes {
  const nonce = new Uint8Array(24);
  new DataView(nonce.buffer).setBigUint64(15, BigInt(number));
  nonce[23] = isLast ? 1 : 0;
  return nonce;
}

/** Seals what is written in chunks as they fill up. Synchronous, so that it can run inside a transaction. */
export function createChunkWriter(
  key: Bytes,
  write: (sealed: Bytes) => void,
): { write(plain: Uint8Array): void; end(): void } {
  let number = 0;
  let held = new Uint8Array(CHUNK);
  let length = 0;
  const flush = (isLast: boolean): void => {
    write(sealLong(key, nonceOf(number++, isLast), held.subarray(0, length)));
    length = 0;
  };
  return {
    write(plain) {
      for (let at = 0; at < plain.length;) {
        // A full chunk waits for what comes after it: it may be the last.
        if (length === CHUNK) flush(false);
        const taken = Math.min(CHUNK - length, plain.length - at);
        held.set(plain.subarray(at, at + taken), length);
        length += taken;
        at += taken;
      }
    },
    end() {
      flush(true);
      held = new Uint8Array(0);
    },
  };
}

/** Opens sealed chunks in their order; refused: `backup-damaged`, also where the last one is missing or more follows. */
export async function* openChunks(key: Bytes, sealed: AsyncIterable<Uint8Array>): AsyncGenerator<Bytes> {
  let number = 0;
  let held: Uint8Array = new Uint8Array(0);
  const open = (chunk: Uint8Array, isLast: boolean): Bytes =>
    openLong(key, nonceOf(number++, isLast), chunk) ?? refuse(backupFault('backup-damaged', `chunk ${number - 1}`));
  for await (const part of sealed) {
    held = held.length === 0 ? part : concat(held, part);
    // One byte more shows that this is not the last.
    while (held.length > SEALED_CHUNK) {
      yield open(held.subarray(0, SEALED_CHUNK), false);
      held = held.subarray(SEALED_CHUNK);
    }
  }
  yield open(held, true);
}
