import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, equal, type Bytes } from '../../src/lib/core/bytes.ts';
import { ed25519 } from '../../src/lib/crypto/primitives.ts';
import { chainFromBytes, chainToBytes, type SenderChain } from '../../src/lib/crypto/senderKey/chain.ts';
import { senderKeyErrors } from '../../src/lib/crypto/senderKey/fault.ts';
import { readHeader, recordToSign, unsignedPart } from '../../src/lib/crypto/senderKey/layout.ts';
import { openRun } from '../../src/lib/crypto/senderKey/open.ts';
import { pad, paddedLength, unpad } from '../../src/lib/crypto/senderKey/padding.ts';
import { draftRecord, sealRecord } from '../../src/lib/crypto/senderKey/seal.ts';
import { flipped, messageId, NOW, plaintext, sealMany, world } from './senderKeyWorld.ts';

const { ana, bo } = world();
const COUNT = 12;
const { records, next: end } = sealMany(ana, COUNT);
const indexes = Array.from({ length: COUNT }, (_, index) => index);

/** Some of the records in some order, some of them twice, in batches. */
const deliveries = fc
  .tuple(
    fc.shuffledSubarray(indexes),
    fc.array(fc.nat(COUNT - 1), { maxLength: 4 }),
    fc.array(fc.boolean(), { minLength: COUNT + 4, maxLength: COUNT + 4 }),
  )
  .map(([once, again, breaks]) => {
    const batches: number[][] = [[]];
    for (const [at, index] of [...once, ...again.filter((one) => once.includes(one))].entries()) {
      if (breaks[at] === true) batches.push([]);
      batches.at(-1)?.push(index);
    }
    return batches;
  });

const recordAt = (index: number): Bytes => records[index] ?? new Uint8Array(0);

describe('however the records of a chain arrive', () => {
  test('each authentic one opens exactly once, and the chain is stored and loaded between', () => {
    fc.assert(
      fc.property(deliveries, (batches) => {
        let chain = ana.chain;
        const opened: number[] = [];
        for (const batch of batches) {
          const run = openRun(chain, batch.map(recordAt), NOW);
          run.results.forEach((result, position) => {
            const index = batch[position] ?? -1;
            if (!result.ok) return expect(result.error.code).toBe('duplicate');
            expect(result.value.messageId).toBe(messageId(index));
            expect(result.value.plaintext).toEqual(plaintext(index));
            opened.push(index);
          });
          const stored = chainFromBytes(chainToBytes(run.next));
          if (!stored.ok) throw new Error(stored.error.code);
          chain = stored.value;
        }
        const delivered = new Set(batches.flat());
        expect(opened.toSorted((a, b) => a - b)).toEqual([...delivered].toSorted((a, b) => a - b));
        if (delivered.size === COUNT) expect(chainToBytes(chain)).toEqual(chainToBytes(end));
      }),
      { numRuns: 60 },
    );
  });

  test('forged ones among them change nothing: the chain is that of the authentic ones alone', () => {
    const forgery = fc.record({
      iteration: fc.nat(COUNT),
      kind: fc.constantFrom('signed by another', 'unsigned', 'another signature', 'flipped'),
      bit: fc.nat(recordAt(0).length * 8 - 1),
    });
    const list = fc.array(fc.oneof(fc.nat(COUNT - 1), forgery), { maxLength: 14 });
    fc.assert(
      fc.property(list, (items) => {
        const run = items.map((item) => (typeof item === 'number' ? recordAt(item) : forge(item)));
        const mixed = openRun(ana.chain, run, NOW);
        const honest = openRun(ana.chain, items.filter((item) => typeof item === 'number').map(recordAt), NOW);
        // A flipped bit in a signature that a later one makes needless leaves a record that its sender did write.
        const wrote = (record: Bytes | undefined): Bytes[] =>
          records.filter((real) => record !== undefined && equal(unsignedPart(real), unsignedPart(record)));
        const opened = run.flatMap((record, position) => (mixed.results[position]?.ok === true ? [record] : []));
        const authentic = opened.flatMap(wrote);
        expect(authentic).toHaveLength(opened.length);
        expect(opened.length).toBeGreaterThanOrEqual(honest.results.filter((result) => result.ok).length);
        expect(chainToBytes(mixed.next)).toEqual(chainToBytes(openRun(ana.chain, authentic, NOW).next));
      }),
      { numRuns: 60 },
    );
  });
});

/** What a member who knows every chain key, but not ana's signature key, can make. */
function forge(item: { iteration: number; kind: string; bit: number }): Bytes {
  let chain: SenderChain = ana.chain;
  for (let i = 0; i < item.iteration; i++) chain = draftRecord(chain, messageId(i), plaintext(i)).next;
  if (item.kind === 'flipped') return flipped(recordAt(item.iteration % COUNT), item.bit);
  if (item.kind === 'signed by another')
    return sealRecord(chain, bo.keys.privateKey, messageId(99), plaintext(99)).record;
  const { unsigned } = draftRecord(chain, messageId(99), plaintext(99));
  const borrowed = recordAt(item.iteration % COUNT).subarray(-64);
  return concat(unsigned, item.kind === 'unsigned' ? new Uint8Array(64) : borrowed);
}

describe('a record', () => {
  test('with any one bit flipped is refused with a code, and the chain stays', () => {
    const record = recordAt(0);
    fc.assert(
      fc.property(fc.nat(record.length * 8 - 1), (bit) => {
        const run = openRun(ana.chain, [flipped(record, bit)], NOW);
        const [result] = run.results;
        expect(result?.ok).toBe(false);
        if (result?.ok === false) expect(Object.keys(senderKeyErrors)).toContain(result.error.code);
        expect(run.next).toBe(ana.chain);
      }),
      { numRuns: 150 },
    );
  });

  test('with any one bit of what a run covers flipped stops the run there, not before', () => {
    const run = records.slice(0, 5);
    fc.assert(
      fc.property(fc.nat(4), fc.nat((recordAt(0).length - 64) * 8 - 1), (position, bit) => {
        const opened = openRun(
          ana.chain,
          run.map((record, index) => (index === position ? flipped(record, bit) : record)),
          NOW,
        );
        const failed = opened.results.flatMap((result, index) => (result.ok ? [] : [index]));
        expect(failed).toEqual([position]);
      }),
      { numRuns: 40 },
    );
  });

  test('cut anywhere, or any bytes at all, never throws and changes nothing', () => {
    const cut = fc.nat(recordAt(0).length - 1).map((length) => recordAt(0).slice(0, length));
    const grown = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((tail) => concat(recordAt(0), tail));
    const random = fc.uint8Array({ maxLength: 700 }).map((bytes) => new Uint8Array(bytes));
    const plausible = random.map((bytes) => concat(recordAt(0).subarray(0, 67), bytes));
    fc.assert(
      fc.property(fc.array(fc.oneof(cut, grown, random, plausible), { maxLength: 6 }), (list) => {
        const run = openRun(ana.chain, list, NOW);
        expect(run.results.map((result) => result.ok)).toEqual(list.map(() => false));
        expect(run.next).toBe(ana.chain);
        list.forEach((bytes) => readHeader(bytes));
      }),
      { numRuns: 80 },
    );
  });

  test('carries any plaintext', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), fc.nat(0xffff_fffe), (bytes, iteration) => {
        const chain = { ...ana.chain, iteration };
        const { record } = sealRecord(chain, ana.keys.privateKey, messageId(3), bytes);
        const [result] = openRun(chain, [record], NOW).results;
        expect(result?.ok && result.value.plaintext.join()).toBe(bytes.join());
        expect(ed25519.verify(record.subarray(-64), recordToSign(unsignedPart(record)), ana.keys.publicKey)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('padding', () => {
  test('comes off as it went on, and only that way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), fc.nat(), (bytes, at) => {
        const padded = pad(bytes);
        expect(unpad(padded)?.join()).toBe(bytes.join());
        const longer = new Uint8Array(paddedLength(padded.length));
        longer.set(padded);
        expect(unpad(longer)).toBeUndefined();
        const zeros = padded.length - 4 - bytes.length;
        if (zeros === 0) return;
        padded[4 + bytes.length + (at % zeros)] = 1;
        expect(unpad(padded)).toBeUndefined();
      }),
    );
  });

  test('is one of few lengths and costs at most an eighth above 4 kB', () => {
    expect([0, 252, 253, 508, 1020, 2044, 4092].map(paddedLength)).toEqual([256, 256, 512, 512, 1024, 2048, 4096]);
    fc.assert(
      fc.property(fc.integer({ min: 4093, max: 2_000_000 }), (length) => {
        const padded = paddedLength(length);
        expect(padded).toBeGreaterThanOrEqual(length + 4);
        expect(padded).toBeLessThanOrEqual((length + 4) * 1.125);
        expect(paddedLength(padded - 4)).toBe(padded);
      }),
    );
  });
});
