import * as v from 'valibot';
import { concat, u32, utf8, type Bytes } from '../../core/bytes.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { WireFault } from '../../protocol/errors.ts';
import { wireFault } from '../../protocol/errors.ts';
import { bytes, bytesUpTo, natural } from '../../protocol/fields.ts';
import { cborFromValue, valueFromCbor } from '../../protocol/wire.ts';
import { hmacSha256, hmacSha256All } from '../primitives.ts';
import { MAX_AHEAD } from './fault.ts';

/**
 * The hash ratchet of one sender device in one group and epoch (protocol.md §3): derived by every
 * member, never distributed. Immutable.
 */
export interface SenderChain {
  readonly suite: number;
  /** 16 bytes. */
  readonly groupId: Bytes;
  readonly epoch: number;
  /** SHA-256 of the MLS epoch_authenticator. */
  readonly authenticatorHash: Bytes;
  readonly leaf: number;
  /** The leaf's MLS signature key: 32 bytes. Chain keys are known to every member; only this tells senders apart. */
  readonly signaturePublic: Bytes;
  /** Of the next record. */
  readonly iteration: number;
  /** The chain key at `iteration`; those before it can't be derived from it. */
  readonly chainKey: Bytes;
  /** Hash of the record at `iteration - 1`, or of the last one seen before it; zeros at the start. */
  readonly previousHash: Bytes;
  /** Message keys of records that were overtaken, oldest first. */
  readonly skipped: readonly SkippedKey[];
}

export interface SkippedKey {
  readonly iteration: number;
  readonly messageKey: Bytes;
  /** When it was skipped, milliseconds. */
  readonly at: number;
}

export interface ChainContext {
  readonly suite: number;
  readonly groupId: Bytes;
  readonly epoch: number;
  readonly authenticatorHash: Bytes;
}

export const MAX_SKIPPED = MAX_AHEAD;
export const SKIPPED_LIFETIME_MS = 7 * 24 * 3600_000;

const HEAD = utf8('head');
const STEP = [Uint8Array.of(1), Uint8Array.of(2)];

/**
 * The chains of an epoch, one for each leaf: `head = HMAC-SHA-256(exported, "head" ‖ u32 leaf)`.
 * @param exported 32 bytes: `MLS-Exporter("cairn/1 sender-chain", group id ‖ u64 epoch, 32)`.
 */
export function deriveChains(
  exported: Bytes,
  context: ChainContext,
  leaves: readonly { readonly leaf: number; readonly signaturePublic: Bytes }[],
): SenderChain[] {
  const { suite, groupId, epoch, authenticatorHash } = context;
  return leaves.map(({ leaf, signaturePublic }) => ({
    suite,
    groupId,
    epoch,
    authenticatorHash,
    leaf,
    signaturePublic,
    iteration: 0,
    chainKey: hmacSha256(exported, concat(HEAD, u32(leaf))),
    previousHash: new Uint8Array(32),
    skipped: [],
  }));
}

/** One step of the ratchet: `message key = HMAC(chain key, 1)`, `next = HMAC(chain key, 2)`. */
export function stepChain(chainKey: Bytes): { messageKey: Bytes; next: Bytes } {
  const [messageKey, next] = hmacSha256All(chainKey, STEP);
  if (messageKey === undefined || next === undefined) throw new Error('a step has two keys');
  return { messageKey, next };
}

/** The chain without skipped keys that are older than 7 days or beyond the 2,000 newest; itself if there are none. */
export function pruneSkipped(chain: SenderChain, now: number): SenderChain {
  const kept = chain.skipped.filter((key) => isLive(key, now)).slice(-MAX_SKIPPED);
  return kept.length === chain.skipped.length ? chain : { ...chain, skipped: kept };
}

export const isLive = (key: SkippedKey, now: number): boolean => now - key.at <= SKIPPED_LIFETIME_MS;

const SKIPPED_BYTES = 44;
const CHAIN_LIMIT = 512 + MAX_SKIPPED * SKIPPED_BYTES;

const u16 = v.pipe(natural, v.maxValue(0xffff));
const u32Field = v.pipe(natural, v.maxValue(0xffffffff));
const schema = v.strictObject({
  v: v.literal(1),
  suite: u16,
  groupId: bytes(16),
  epoch: natural,
  authenticatorHash: bytes(32),
  leaf: u32Field,
  signaturePublic: bytes(32),
  iteration: u32Field,
  chainKey: bytes(32),
  previousHash: bytes(32),
  skipped: bytesUpTo(MAX_SKIPPED * SKIPPED_BYTES),
});

/** The chain as it is stored, sealed: deterministic CBOR, skipped keys packed as `u32 iteration ‖ key ‖ u64 ms`. */
export function chainToBytes(chain: SenderChain): Bytes {
  const packed = new Uint8Array(chain.skipped.length * SKIPPED_BYTES);
  const view = new DataView(packed.buffer);
  chain.skipped.forEach((key, index) => {
    const at = index * SKIPPED_BYTES;
    view.setUint32(at, key.iteration);
    packed.set(key.messageKey, at + 4);
    view.setBigUint64(at + 36, BigInt(key.at));
  });
  return cborFromValue({ v: 1, ...chain, skipped: packed });
}

/** The chain in stored bytes; anything that {@link chainToBytes} doesn't write is `malformed`. */
export function chainFromBytes(encoded: Uint8Array): Result<SenderChain, WireFault> {
  const decoded = valueFromCbor(schema, encoded, CHAIN_LIMIT);
  if (!decoded.ok) return decoded;
  const { v: _version, skipped: packed, ...chain } = decoded.value;
  if (packed.length % SKIPPED_BYTES !== 0) return err(wireFault('malformed', 'skipped'));
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const skipped: SkippedKey[] = [];
  const seen = new Set<number>();
  for (let at = 0; at < packed.length; at += SKIPPED_BYTES) {
    const iteration = view.getUint32(at);
    const ms = Number(view.getBigUint64(at + 36));
    if (iteration >= chain.iteration || seen.has(iteration) || !Number.isSafeInteger(ms)) {
      return err(wireFault('malformed', 'skipped'));
    }
    seen.add(iteration);
    skipped.push({ iteration, messageKey: packed.slice(at + 4, at + 36), at: ms });
  }
  return ok({ ...chain, skipped });
}
