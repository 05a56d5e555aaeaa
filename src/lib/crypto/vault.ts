import { sha256 } from '@noble/hashes/sha2.js';
import * as v from 'valibot';
import { concat, utf8, type Bytes } from '../core/bytes.ts';
import type { Random } from '../core/ports.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { bytes, natural } from '../protocol/fields.ts';
import { cborFromValue } from '../protocol/wire.ts';
import { AEAD_TAG, hkdfSha256, xchachaOpen, xchachaSeal } from './primitives.ts';

/** How a passphrase becomes the master key. Stored in the clear beside the wrapped key, and authenticated by it. */
export type KdfParameters = v.InferOutput<typeof kdfSchema>;

const salt = bytes(16);
const kdfSchema = v.variant('algorithm', [
  /** RFC 9106. */
  v.strictObject({ algorithm: v.literal('argon2id'), memoryKiB: natural, passes: natural, lanes: v.literal(1), salt }),
  /** RFC 8018, for browsers without WebAssembly. */
  v.strictObject({ algorithm: v.literal('pbkdf2-sha256'), iterations: natural, salt }),
]);

/** Less is refused, and so is what would only hang the device: parameters are read from storage. */
const FLOOR = { memoryKiB: 64 * 1024, passes: 3, iterations: 600_000 };
const CEILING = { memoryKiB: 1024 * 1024, passes: 16, iterations: 10_000_000 };

export type VaultErrorCode = 'kdf-too-weak' | 'kdf-too-costly' | 'empty-passphrase' | 'malformed';
export type VaultFault = Fault<VaultErrorCode>;

/** Parameters for a new vault. @param wasm whether WebAssembly runs: {@link wasmRuns}. */
export const defaultKdf = (random: Random, wasm: boolean): KdfParameters =>
  fixedKdf(wasm ? 'argon2id' : 'pbkdf2-sha256', random.bytes(16));

/** The floor of either algorithm, where parameters are not stored but agreed. */
export const fixedKdf = (algorithm: KdfParameters['algorithm'], salt: Bytes): KdfParameters =>
  algorithm === 'argon2id'
    ? { algorithm, memoryKiB: FLOOR.memoryKiB, passes: FLOOR.passes, lanes: 1, salt }
    : { algorithm, iterations: FLOOR.iterations, salt };

/** An empty module: magic number and version. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Whether WebAssembly may run here: a hardened browser has none, and a content policy can forbid it. */
export function wasmRuns(): boolean {
  try {
    return typeof WebAssembly === 'object' && new WebAssembly.Module(EMPTY_MODULE) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** A plain object of numbers, text and bytes, for storage. */
export const valueFromKdf = (kdf: KdfParameters): Record<string, unknown> => ({ ...kdf });

/** Parameters from storage; the floor is checked where they are used. */
export function kdfFromValue(value: unknown): Result<KdfParameters, VaultFault> {
  const parsed = v.safeParse(kdfSchema, value);
  return parsed.success ? ok(parsed.output) : err(vaultFault('malformed', 'kdf parameters'));
}

/**
 * The 32-byte master key of a passphrase (protocol.md §6). The passphrase is NFKC-normalised first, so
 * that another keyboard gives the same key.
 * @returns `kdf-too-weak` below the floor (Argon2id 64 MiB and 3 passes, PBKDF2 600,000 iterations),
 * `kdf-too-costly` where the parameters would only hang the device, `empty-passphrase`.
 */
export async function masterKeyFromPassphrase(
  passphrase: string,
  kdf: KdfParameters,
): Promise<Result<Bytes, VaultFault>> {
  const refused = judge(kdf);
  if (refused !== undefined) return err(refused);
  const password = utf8(passphrase.normalize('NFKC'));
  if (password.length === 0) return err(vaultFault('empty-passphrase'));
  return ok(kdf.algorithm === 'argon2id' ? await argon2id(password, kdf) : await pbkdf2(password, kdf));
}

/**
 * Wraps a key under the master key, so that changing the passphrase re-wraps only.
 * @param bound authenticated, not stored: {@link boundToKdf} for a passphrase, so that its parameters
 * can't be changed or lowered.
 * @returns `nonce 24 ‖ XChaCha20-Poly1305 ciphertext`.
 */
export function wrapKey(masterKey: Bytes, key: Bytes, bound: Uint8Array, random: Random): Bytes {
  const nonce = random.bytes(24);
  return concat(nonce, xchachaSeal(wrappingKey(masterKey), nonce, bound, key));
}

/** The wrapped key, or `undefined` under another master key or other bound data. */
export function unwrapKey(masterKey: Bytes, wrapped: Uint8Array, bound: Uint8Array): Bytes | undefined {
  if (wrapped.length < 24 + AEAD_TAG) return undefined;
  return xchachaOpen(wrappingKey(masterKey), wrapped.subarray(0, 24), bound, wrapped.subarray(24));
}

/** Bound data of a key wrapped by passphrase: `"cairn/1 wrapped key" ‖ 0 ‖ CBOR [purpose, parameters]`. */
export const boundToKdf = (purpose: string, kdf: KdfParameters): Bytes =>
  concat(utf8('cairn/1 wrapped key\0'), cborFromValue([purpose, valueFromKdf(kdf)]));

const wrappingKey = (masterKey: Bytes): Bytes =>
  hkdfSha256(masterKey, new Uint8Array(0), utf8('cairn/1 key wrapping'), 32);

function judge(kdf: KdfParameters): VaultFault | undefined {
  if (kdf.algorithm === 'pbkdf2-sha256') {
    if (kdf.iterations < FLOOR.iterations) return vaultFault('kdf-too-weak', 'iterations');
    return kdf.iterations > CEILING.iterations ? vaultFault('kdf-too-costly', 'iterations') : undefined;
  }
  if (kdf.memoryKiB < FLOOR.memoryKiB) return vaultFault('kdf-too-weak', 'memory');
  if (kdf.passes < FLOOR.passes) return vaultFault('kdf-too-weak', 'passes');
  const costly = kdf.memoryKiB > CEILING.memoryKiB || kdf.passes > CEILING.passes;
  return costly ? vaultFault('kdf-too-costly') : undefined;
}

async function argon2id(password: Bytes, kdf: Extract<KdfParameters, { algorithm: 'argon2id' }>): Promise<Bytes> {
  const { memoryKiB, passes, lanes } = kdf;
  if (!wasmRuns()) {
    // A vault made where WebAssembly ran must open where it doesn't, if slowly.
    const { argon2idAsync } = await import('@noble/hashes/argon2.js');
    const key = await argon2idAsync(password, kdf.salt, { t: passes, m: memoryKiB, p: lanes, dkLen: 32 });
    return new Uint8Array(key);
  }
  const { argon2id: hash } = await import('./argon2.ts');
  const key = await hash({
    password,
    salt: kdf.salt,
    memorySize: memoryKiB,
    iterations: passes,
    parallelism: lanes,
    hashLength: 32,
    outputType: 'binary',
  });
  return new Uint8Array(key);
}

/**
 * PBKDF2-HMAC-SHA-256 (RFC 8018 §5.2): WebCrypto's where the page is a secure context, which is some
 * ten times faster than JavaScript.
 * @param length bytes wanted.
 */
export async function pbkdf2Sha256(
  password: Uint8Array,
  saltBytes: Uint8Array,
  iterations: number,
  length: number,
): Promise<Bytes> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    const { pbkdf2Async } = await import('@noble/hashes/pbkdf2.js');
    return new Uint8Array(await pbkdf2Async(sha256, password, saltBytes, { c: iterations, dkLen: length }));
  }
  const key = await subtle.importKey('raw', new Uint8Array(password), 'PBKDF2', false, ['deriveBits']);
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(saltBytes), iterations };
  return new Uint8Array(await subtle.deriveBits(algorithm, key, length * 8));
}

const pbkdf2 = (password: Bytes, kdf: Extract<KdfParameters, { algorithm: 'pbkdf2-sha256' }>): Promise<Bytes> =>
  pbkdf2Sha256(password, kdf.salt, kdf.iterations, 32);

const vaultFault = (code: VaultErrorCode, detail?: string): VaultFault => ({
  code,
  retry: 'never',
  ...(detail === undefined ? {} : { detail }),
});
