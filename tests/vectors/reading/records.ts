import type { ChainState, Receiver, ReceivingChain, SealedRecord, SealingChain } from '../shape.ts';
import { gcmOpen, gcmSeal, hmac, isSignedBy, sha256, signWith, u32, u64 } from './primitives.ts';

/** "Records" of docs/protocol.md, step by step. */

const HEADER = 115;
const SIGNATURE = 64;
const SHORTEST = 451;
const LONGEST = 2 * 1024 * 1024;
const AHEAD = 2000;
const SEVEN_DAYS = 7 * 24 * 60 * 60 * 1000;
const LABEL = Buffer.from('cairn/1 record\0');

export const exporterContext = (groupId: Uint8Array, epoch: number): Buffer => Buffer.concat([groupId, u64(epoch)]);

export const head = (exported: Uint8Array, leaf: number): Buffer =>
  hmac(exported, Buffer.concat([Buffer.from('head'), u32(leaf)]));

export const step = (chainKey: Uint8Array): { messageKey: Buffer; next: Buffer } => ({
  messageKey: hmac(chainKey, Buffer.of(1)),
  next: hmac(chainKey, Buffer.of(2)),
});

export function paddedLength(length: number): number {
  const whole = 4 + length;
  for (const size of [256, 512, 1024, 2048, 4096]) if (whole <= size) return size;
  const e = Math.floor(Math.log2(whole));
  const s = Math.floor(Math.log2(e)) + 1;
  const unit = 2 ** (e - s);
  return Math.ceil(whole / unit) * unit;
}

export const pad = (plaintext: Uint8Array): Buffer =>
  Buffer.concat([u32(plaintext.length), plaintext], paddedLength(plaintext.length));

export function unpad(padded: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(padded);
  if (bytes.length < 4) return undefined;
  const length = bytes.readUInt32BE();
  if (paddedLength(length) !== bytes.length) return undefined;
  const plaintext = bytes.subarray(4, 4 + length);
  return pad(plaintext).equals(bytes) ? plaintext : undefined;
}

export function seal(chain: SealingChain, messageId: Uint8Array, plaintext: Uint8Array): SealedRecord {
  const { messageKey, next } = step(chain.chainKey);
  const header = Buffer.concat([
    Buffer.of(1, chain.suite >> 8, chain.suite & 255),
    chain.groupId,
    u64(chain.epoch),
    chain.authenticatorHash,
    u32(chain.leaf),
    u32(chain.iteration),
    messageId,
    chain.previousHash,
  ]);
  const unsigned = Buffer.concat([header, gcmSeal(messageKey, header, pad(plaintext))]);
  const signature = signWith(chain.signaturePrivate, Buffer.concat([LABEL, unsigned]));
  return { record: Buffer.concat([unsigned, signature]), hash: sha256(unsigned), next };
}

interface Candidate {
  readonly index: number;
  readonly header: Buffer;
  readonly ciphertext: Buffer;
  readonly iteration: number;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  readonly isSigned: () => boolean;
}

export function receiver(chain: ReceivingChain): Receiver {
  let iteration = 0;
  let chainKey: Buffer = Buffer.from(chain.head);
  let previousHash: Buffer = Buffer.alloc(32);
  const skipped = new Map<number, { readonly key: Buffer; readonly at: number }>();
  const isUsed = (at: number): boolean => at < iteration && !skipped.has(at);

  function forgetOld(now: number): void {
    for (const [at, kept] of skipped) if (now - kept.at > SEVEN_DAYS) skipped.delete(at);
    for (const at of [...skipped.keys()].slice(0, Math.max(0, skipped.size - AHEAD))) skipped.delete(at);
  }

  /** Step 1: what the header alone tells. */
  function screen(record: Buffer, index: number): Candidate | string {
    if (record.length === 0) return 'malformed';
    if (record[0] !== 1) return 'wrong-version';
    if (record.length < SHORTEST || record.length > LONGEST) return 'malformed';
    const epoch = record.readBigUInt64BE(19);
    if (epoch >= 2n ** 53n) return 'malformed';
    const unsigned = record.subarray(0, -SIGNATURE);
    const signature = record.subarray(-SIGNATURE);
    const isSigned = (): boolean => isSignedBy(chain.signaturePublic, Buffer.concat([LABEL, unsigned]), signature);
    if (
      record.readUInt16BE(1) !== chain.suite ||
      !record.subarray(3, 19).equals(chain.groupId) ||
      epoch !== BigInt(chain.epoch) ||
      record.readUInt32BE(59) !== chain.leaf
    )
      return 'wrong-epoch';
    const at = record.readUInt32BE(63);
    if (isUsed(at)) return 'duplicate';
    if (!record.subarray(27, 59).equals(chain.authenticatorHash)) return isSigned() ? 'forked' : 'tampered';
    return {
      index,
      header: record.subarray(0, HEADER),
      ciphertext: record.subarray(HEADER, -SIGNATURE),
      iteration: at,
      previousHash: record.subarray(83, HEADER),
      hash: sha256(unsigned),
      isSigned,
    };
  }

  /** Step 2: newest first, a record is authentic if a newer authentic one names its hash, or by its own signature. */
  function authentic(candidates: readonly Candidate[]): Candidate[] {
    const found: Candidate[] = [];
    for (const one of candidates.toSorted((a, b) => b.iteration - a.iteration)) {
      const isNamed = found.some((x) => x.iteration === one.iteration + 1 && x.previousHash.equals(one.hash));
      if (isNamed || one.isSigned()) found.push(one);
    }
    return found.toSorted((a, b) => a.iteration - b.iteration || a.index - b.index);
  }

  /** Step 3. */
  function open(one: Candidate, now: number): Buffer | string {
    if (isUsed(one.iteration)) return 'duplicate';
    if (one.iteration - iteration > AHEAD) return 'too-far-future';
    const passed: [number, Buffer][] = [];
    let { messageKey, next } = step(chainKey);
    for (let at = iteration; at < one.iteration; at++) {
      passed.push([at, messageKey]);
      ({ messageKey, next } = step(next));
    }
    const isLate = one.iteration < iteration;
    const padded = gcmOpen(
      isLate ? (skipped.get(one.iteration)?.key ?? messageKey) : messageKey,
      one.header,
      one.ciphertext,
    );
    if (padded === undefined) return 'tampered';
    const plaintext = unpad(padded);
    if (plaintext === undefined) return 'malformed';
    if (isLate) skipped.delete(one.iteration);
    else {
      for (const [at, key] of passed) skipped.set(at, { key, at: now });
      iteration = one.iteration + 1;
      chainKey = next;
      previousHash = one.hash;
    }
    return plaintext;
  }

  return {
    receive(records, now) {
      forgetOld(now);
      const screened = records.map((record, index) => screen(Buffer.from(record), index));
      const outcomes = screened.map((one) => (typeof one === 'string' ? one : 'tampered'));
      const plaintexts: (Buffer | null)[] = records.map(() => null);
      for (const one of authentic(screened.filter((candidate) => typeof candidate !== 'string'))) {
        const opened = open(one, now);
        outcomes[one.index] = typeof opened === 'string' ? opened : 'ok';
        if (typeof opened !== 'string') plaintexts[one.index] = opened;
      }
      forgetOld(now);
      return outcomes.map((outcome, i) => ({ outcome, plaintext: plaintexts[i] ?? null }));
    },
    state(now): ChainState {
      forgetOld(now);
      const kept = [...skipped].sort(([a], [b]) => a - b).flatMap(([at, { key }]) => [u32(at), key]);
      return {
        iteration,
        chainKey: chainKey.toString('hex'),
        previousHash: previousHash.toString('hex'),
        skipped: { count: skipped.size, hash: sha256(...kept).toString('hex') },
      };
    },
  };
}
