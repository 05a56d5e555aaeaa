import type { Hpke, Rng } from 'ts-mls';
import { CryptoError } from 'ts-mls/mlsError.js';
import { concat, utf8, type Bytes } from '../../../core/bytes.ts';
import { NONCE_LENGTH, webAesGcm } from './aesGcmWeb.ts';
import type { HashAlgorithm } from './hash.ts';
import type { Kem } from './kem.ts';
import { createKeyHolder } from './keys.ts';
import { labeledHkdf, u16 } from './labeledHkdf.ts';
import { unshared } from './unshared.ts';

/** What an HPKE suite is made of; ids as in RFC 9180 §7. */
export interface HpkeParts {
  readonly kem: Kem;
  readonly kdf: { readonly id: number; readonly hash: HashAlgorithm };
  /** AES-GCM; the key's length is in bytes. */
  readonly aead: { readonly id: number; readonly keyLength: number };
  readonly rng: Rng;
}

/**
 * Hybrid public key encryption in base mode, single-shot (RFC 9180 §6.1), as MLS uses it (RFC 9420 §5.1).
 * Everything that it refuses, it refuses with the library's `CryptoError`.
 */
export function createHpke({ kem, kdf, aead, rng }: HpkeParts): Hpke {
  const schedule = createKeySchedule({ kem, kdf, aead });
  const cipher = webAesGcm(aead.keyLength);
  const { publicKey, privateKey, bytesOf } = createKeyHolder(kem.name);
  const chance = (length: number): Bytes => unshared(rng.randomBytes(length));

  const pairOf = async (secret: Bytes) => ({
    privateKey: privateKey(secret),
    publicKey: publicKey(await kem.publicKeyOf(secret)),
  });
  const encapsulatedTo = (key: Parameters<Hpke['seal']>[0]) =>
    kem.encapsulate(bytesOf(key, 'public'), chance(kem.sizes.entropy));
  const decapsulated = (key: Parameters<Hpke['open']>[0], encapsulated: Uint8Array) =>
    kem.decapsulate(bytesOf(key, 'private'), ofLength(encapsulated, kem.sizes.encapsulated));

  return {
    seal: (key, plaintext, info, aad = NONE) =>
      orCryptoError(async () => {
        const { encapsulated, sharedSecret } = await encapsulatedTo(key);
        const context = schedule(sharedSecret, info);
        return { enc: encapsulated, ct: await cipher.seal(context.key(), context.nonce(), aad, plaintext) };
      }),
    open: (key, encapsulated, ciphertext, info, aad = NONE) =>
      orCryptoError(async () => {
        const context = schedule(await decapsulated(key, encapsulated), info);
        return cipher.open(context.key(), context.nonce(), aad, ciphertext);
      }),
    exportSecret: (key, exporterContext, length, info) =>
      orCryptoError(async () => {
        const { encapsulated, sharedSecret } = await encapsulatedTo(key);
        return { enc: encapsulated, secret: schedule(sharedSecret, info).exported(exporterContext, length) };
      }),
    importSecret: (key, exporterContext, encapsulated, length, info) =>
      orCryptoError(async () =>
        schedule(await decapsulated(key, encapsulated), info).exported(exporterContext, length),
      ),

    importPublicKey: (bytes) => orCryptoError(async () => publicKey(ofLength(bytes, kem.sizes.publicKey))),
    importPrivateKey: (bytes) => orCryptoError(async () => privateKey(ofLength(bytes, kem.sizes.privateKey))),
    exportPublicKey: (key) => orCryptoError(async () => bytesOf(key, 'public').slice()),
    exportPrivateKey: (key) => orCryptoError(async () => bytesOf(key, 'private').slice()),
    deriveKeyPair: (ikm) => orCryptoError(() => pairOf(kem.derivePrivateKey(ikm))),
    generateKeyPair: () => orCryptoError(() => pairOf(chance(kem.sizes.privateKey))),

    encryptAead: (key, nonce, aad = NONE, plaintext) => orCryptoError(() => cipher.seal(key, nonce, aad, plaintext)),
    decryptAead: (key, nonce, aad = NONE, ciphertext) => orCryptoError(() => cipher.open(key, nonce, aad, ciphertext)),
    keyLength: aead.keyLength,
    nonceLength: NONCE_LENGTH,
  };
}

const NONE = new Uint8Array();
const BASE_MODE = Uint8Array.of(0);

/** What both sides derive from a shared secret; each part only when it is asked for. */
interface Context {
  key(): Bytes;
  /** Of the first message, and there is only one. */
  nonce(): Bytes;
  /** RFC 9180 §5.3. */
  exported(exporterContext: Uint8Array, length: number): Bytes;
}

/** `KeySchedule` in base mode, without a pre-shared key (RFC 9180 §5.1). */
function createKeySchedule(suite: Omit<HpkeParts, 'rng'>): (sharedSecret: Bytes, info: Uint8Array) => Context {
  const suiteId = concat(utf8('HPKE'), u16(suite.kem.id), u16(suite.kdf.id), u16(suite.aead.id));
  const labeled = labeledHkdf(suite.kdf.hash, suiteId);
  const pskIdHash = labeled.extract(NONE, 'psk_id_hash', NONE);
  return (sharedSecret, info) => {
    const context = concat(BASE_MODE, pskIdHash, labeled.extract(NONE, 'info_hash', info));
    const secret = labeled.extract(sharedSecret, 'secret', NONE);
    return {
      key: () => labeled.expand(secret, 'key', context, suite.aead.keyLength),
      nonce: () => labeled.expand(secret, 'base_nonce', context, NONCE_LENGTH),
      exported(exporterContext, length) {
        const exporterSecret = labeled.expand(secret, 'exp', context, suite.kdf.hash.outputLen);
        return labeled.expand(exporterSecret, 'sec', exporterContext, length);
      },
    };
  };
}

/** A copy, so that a caller may wipe what it gave. */
function ofLength(bytes: Uint8Array, length: number): Bytes {
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} belong`);
  return Uint8Array.from(bytes);
}

async function orCryptoError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw new CryptoError(String(thrown));
  }
}
