import { base64urlFromBytes, concat, utf8, type Bytes } from '../core/bytes.ts';
import type { Random, Sealer } from '../core/ports.ts';
import { AEAD_TAG, hkdfSha256, hmacSha256, xchachaOpen, xchachaSeal } from './primitives.ts';

const VERSION = 1;
const NONCE = 24;
const NO_SALT = new Uint8Array(0);

/**
 * The vault's database key at work: seals values at rest and makes keyed hashes (protocol.md §6).
 *
 * A sealed value is `version 1 ‖ 24-byte random nonce ‖ XChaCha20-Poly1305 ciphertext`, under
 * `HKDF(database key, "cairn/1 table" ‖ 0 ‖ table)`. Keyed hashes have keys of their own.
 * @param databaseKey 32 random bytes.
 */
export function createSealer(databaseKey: Bytes, random: Random): Sealer {
  if (databaseKey.length !== 32) throw new RangeError('a database key has 32 bytes');
  const tableKey = remembered((table) => derive(databaseKey, 'cairn/1 table\0', table));
  const hashKey = remembered((purpose) => derive(databaseKey, 'cairn/1 keyed hash\0', purpose));
  return {
    seal(table, bound, plaintext) {
      const nonce = random.bytes(NONCE);
      return concat(Uint8Array.of(VERSION), nonce, xchachaSeal(tableKey(table), nonce, bound, plaintext));
    },
    open(table, bound, sealed) {
      if (sealed.length < 1 + NONCE + AEAD_TAG || sealed[0] !== VERSION) return undefined;
      return xchachaOpen(tableKey(table), sealed.subarray(1, 1 + NONCE), bound, sealed.subarray(1 + NONCE));
    },
    databaseKey: () => databaseKey.slice(),
    keyedHash: (purpose, data) => base64urlFromBytes(hmacSha256(hashKey(purpose), data).subarray(0, 16)),
  };
}

const derive = (databaseKey: Bytes, label: string, name: string): Bytes =>
  hkdfSha256(databaseKey, NO_SALT, utf8(label + name), 32);

/** One key for each table and purpose; there are few, so all are kept. */
function remembered(make: (name: string) => Bytes): (name: string) => Bytes {
  const made = new Map<string, Bytes>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}
