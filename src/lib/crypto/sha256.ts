import { sha256 as library } from '@noble/hashes/sha2.js';
import type { Bytes } from '../core/bytes.ts';

/**
 * SHA-256 and HMAC with the library's hash objects used again and again: a ratchet step is six
 * compressions, and making the objects for it cost twice as much as the hashing. Nothing here is kept
 * between calls; what touched a key is wiped before a call ends.
 */

const BLOCK = 64;
const LENGTH = 32;
const blank = library.create();
const inner = library.create();
const outer = library.create();
const work = library.create();
const padded = new Uint8Array(BLOCK);
const between = new Uint8Array(LENGTH);

/** SHA-256 (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Bytes {
  const hash = new Uint8Array(LENGTH);
  blank._cloneInto(work).update(data).digestInto(hash);
  return hash;
}

/** HMAC-SHA-256 (RFC 2104) of each message under one key: 32 bytes each. */
export function hmacSha256All(key: Uint8Array, messages: readonly Uint8Array[]): Bytes[] {
  padded.fill(0);
  padded.set(key.length > BLOCK ? sha256(key) : key);
  for (let i = 0; i < BLOCK; i++) padded[i] = (padded[i] ?? 0) ^ 0x36;
  blank._cloneInto(inner).update(padded);
  for (let i = 0; i < BLOCK; i++) padded[i] = (padded[i] ?? 0) ^ 0x36 ^ 0x5c;
  blank._cloneInto(outer).update(padded);
  const codes = messages.map((message) => {
    const code = new Uint8Array(LENGTH);
    inner._cloneInto(work).update(message).digestInto(between);
    outer._cloneInto(work).update(between).digestInto(code);
    return code;
  });
  blank._cloneInto(inner);
  blank._cloneInto(outer);
  padded.fill(0);
  between.fill(0);
  return codes;
}

/** HMAC-SHA-256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Bytes {
  const [code] = hmacSha256All(key, [message]);
  if (code === undefined) throw new Error('one message has one code');
  return code;
}
