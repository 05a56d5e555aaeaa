import type { Bytes } from '../../../core/bytes.ts';

/** The same bytes, for those who want a buffer of their own kind: the library's types allow a shared one. */
export const unshared = (bytes: Uint8Array): Bytes =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : Uint8Array.from(bytes);
