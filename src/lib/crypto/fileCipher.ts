import { utf8, type Bytes } from '../core/bytes.ts';
import { limits } from '../protocol/limits.ts';

/** A sealed chunk, as the relay takes them; the last one of a file may be shorter. */
export const SEALED_CHUNK = limits.blobChunk;
const TAG = 16;
/** Plaintext of a chunk. */
export const PLAIN_CHUNK = SEALED_CHUNK - TAG;

/** Seals and opens the chunks of one file. */
export interface FileCipher {
  seal(plain: Bytes, number: number, isLast: boolean): Promise<Bytes>;
  /** `undefined` where the chunk is not the one that was sealed there. */
  open(sealed: Bytes, number: number, isLast: boolean): Promise<Bytes | undefined>;
}

/**
 * AES-256-GCM of the platform (NIST SP 800-38D) in the STREAM construction (Hoang, Reyhanitabar, Rogaway,
 * Vizár, CRYPTO 2015, §7): a chunk's nonce holds its number and whether it is the last, so that none can be
 * dropped, moved or added. The key is of this one file.
 * @param key 32 random bytes.
 */
export async function createFileCipher(key: Bytes): Promise<FileCipher> {
  const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const algorithm = (number: number, isLast: boolean) => ({
    name: 'AES-GCM',
    iv: nonceOf(number, isLast),
    additionalData: LABEL,
  });
  return {
    seal: async (plain, number, isLast) =>
      new Uint8Array(await crypto.subtle.encrypt(algorithm(number, isLast), imported, plain)),
    open: (sealed, number, isLast) =>
      crypto.subtle.decrypt(algorithm(number, isLast), imported, sealed).then(
        (plain) => new Uint8Array(plain),
        () => undefined,
      ),
  };
}

const LABEL = utf8('cairn/1 file');

/** How long `size` bytes are when they are sealed. An empty file is one chunk. */
export const sealedSize = (size: number): number => size + TAG * chunkCount(size);

export const chunkCount = (size: number): number => Math.max(1, Math.ceil(size / PLAIN_CHUNK));

/** `7 zeros ‖ u32 number ‖ 1 in the last chunk, else 0`. */
function nonceOf(number: number, isLast: boolean): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(7, number);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
