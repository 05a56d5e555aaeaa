import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idFromBytes, type DeviceId, type StreamId } from '../../src/lib/core/ids.ts';
import * as hot from '../../src/lib/protocol/hot.ts';
import { limits } from '../../src/lib/protocol/limits.ts';
import * as protocol from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';

const id = <Id extends string>() =>
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => idFromBytes<Id>(new Uint8Array(bytes)));
/** All widths that a number may have, and their borders. */
const natural = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(30),
  fc.constantFrom(23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const payload = fc
  .oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(23, 24, 255, 256).map((size) => new Uint8Array(size)),
  )
  .map((bytes) => new Uint8Array(bytes));
const entry = fc.record({
  seq: natural,
  kind: fc.constantFrom(...protocol.entryKinds),
  id: id<string>(),
  epoch: natural,
  sender: id<DeviceId>(),
  at: natural,
  payload,
});
const append = fc.record({
  entries: fc.array(
    fc.record(
      { id: id<string>(), epoch: natural, payload, quiet: fc.constant(true as const) },
      { requiredKeys: ['id', 'epoch', 'payload'] },
    ),
    { minLength: 1, maxLength: 30 },
  ),
});
const live = fc.record({ stream: id<StreamId>(), entries: fc.array(entry, { maxLength: 30 }) });

describe('what is written by hand', () => {
  test('is what the general codec writes', () => {
    fc.assert(fc.property(append, (value) => void expect(hot.bytesFromAppend(value)).toEqual(cborFromValue(value))));
    fc.assert(fc.property(live, (value) => void expect(hot.bytesFromLive(value)).toEqual(cborFromValue(value))));
    const result = fc.oneof(
      fc.record({ ok: fc.constant(true as const), id: id<string>(), seq: natural }),
      fc.record({
        ok: fc.constant(false as const),
        id: id<string>(),
        code: fc.constantFrom('stale-epoch', 'future-epoch', 'conflict', 'not-sent'),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(result),
        (results) => void expect(hot.bytesFromAppendAnswer({ results })).toEqual(cborFromValue({ results })),
      ),
    );
    const caughtUp = fc.record(
      {
        entries: fc.array(fc.tuple(id<StreamId>(), entry).map(([stream, rest]) => ({ stream, ...rest }))),
        more: fc.boolean(),
        ends: fc.dictionary(id<StreamId>(), natural),
        trimmed: fc.dictionary(id<StreamId>(), natural),
      },
      { requiredKeys: ['entries', 'more'] },
    );
    fc.assert(
      fc.property(caughtUp, (value) => {
        // A dictionary of the generator may have no prototype, which the general codec does not take.
        const { ends, trimmed, ...rest } = value;
        const plain = { ...rest, ...(ends && { ends: { ...ends } }), ...(trimmed && { trimmed: { ...trimmed } }) };
        expect(hot.bytesFromCatchUp(plain)).toEqual(cborFromValue(plain));
      }),
    );
  });
});

/** Bytes near those of a value: one changed, some cut off or added, or quite others. */
const nearly = (value: fc.Arbitrary<object>) =>
  fc
    .tuple(value, fc.nat(), fc.nat(255), fc.constantFrom('same', 'changed', 'cut', 'longer', 'junk'), fc.uint8Array())
    .map(([good, at, byte, how, junk]) => {
      const bytes = cborFromValue(good);
      if (how === 'changed') bytes[at % Math.min(bytes.length, 200)] = byte;
      if (how === 'cut') return bytes.slice(0, at % bytes.length);
      if (how === 'longer') return new Uint8Array([...bytes, byte]);
      return how === 'junk' ? new Uint8Array(junk) : bytes;
    });

describe('what is read by hand', () => {
  const sloppy = fc.record({ entries: fc.array(fc.record({ id: fc.string(), epoch: fc.integer(), payload })) });

  test('is an append that the general codec takes, and the same', () => {
    let taken = 0;
    fc.assert(
      fc.property(nearly(fc.oneof(append, append, sloppy)), (bytes) => {
        const quick = hot.appendFromBytes(bytes);
        const general = valueFromCbor(protocol.append.request, bytes, limits.body);
        expect(quick).toEqual(general.ok ? general.value : undefined);
        if (general.ok) taken += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test('is a live frame that the general codec takes, and the same', () => {
    let taken = 0;
    fc.assert(
      fc.property(nearly(live), (bytes) => {
        const quick = hot.liveFromBytes(bytes, limits.body);
        const general = valueFromCbor(protocol.liveEntries, bytes, limits.body);
        expect(quick).toEqual(general.ok ? general.value : undefined);
        if (general.ok) taken += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test('keeps to the limits', () => {
    const entries = (count: number, size = 1) =>
      Array.from({ length: count }, (_, i) => ({
        id: idFromBytes<string>(new Uint8Array(16).fill(i)),
        epoch: 1,
        payload: new Uint8Array(size),
      }));
    const read = (value: object) => hot.appendFromBytes(cborFromValue(value));
    expect(read({ entries: entries(limits.appendEntries) })?.entries).toHaveLength(limits.appendEntries);
    expect(read({ entries: entries(limits.appendEntries + 1) })).toBeUndefined();
    expect(read({ entries: [] })).toBeUndefined();
    expect(read({ entries: entries(1, limits.entry) })).toBeDefined();
    expect(read({ entries: entries(1, limits.entry + 1) })).toBeUndefined();
    expect(read({ entries: entries(3, limits.entry) })).toBeUndefined();
    expect(read({ entries: entries(1), more: 1 })).toBeUndefined();
  });

  test('has one spelling', () => {
    const id = idFromBytes<string>(new Uint8Array(16));
    const bytes = cborFromValue({ entries: [{ id, epoch: 5, payload: new Uint8Array() }] });
    const at = Buffer.from(bytes).indexOf('epoch') + 'epoch'.length;
    const respelled = (...number: readonly number[]) =>
      new Uint8Array([...bytes.slice(0, at), ...number, ...bytes.slice(at + 1)]);
    expect(hot.appendFromBytes(respelled(5))?.entries[0]?.epoch).toBe(5);
    expect(hot.appendFromBytes(respelled(24, 24))?.entries[0]?.epoch).toBe(24);
    const long = [
      [24, 5],
      [25, 0, 5],
      [25, 0, 255],
      [26, 0, 0, 0, 5],
      [26, 0, 0, 255, 255],
      [27, 0, 0, 0, 0, 0, 0, 0, 5],
    ];
    const none = [
      [27, 0, 0x20, 0, 0, 0, 0, 0, 0],
      [27, 255, 255, 255, 255, 255, 255, 255, 255],
      [28],
      [31],
      [0x25],
      [0xf4],
    ];
    for (const number of [...long, ...none]) {
      expect(hot.appendFromBytes(respelled(...number))).toBeUndefined();
      expect(valueFromCbor(protocol.append.request, respelled(...number), limits.body).ok).toBe(false);
    }
  });

  test('is a copy, whatever becomes of the bytes that it came from', () => {
    const bytes = cborFromValue({
      entries: [{ id: idFromBytes(new Uint8Array(16)), epoch: 0, payload: new Uint8Array([7]) }],
    });
    const value = hot.appendFromBytes(bytes);
    bytes.fill(0);
    expect(value?.entries[0]?.payload).toEqual(new Uint8Array([7]));
  });
});
