import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clamp,
  compareStamps,
  MAX_DRIFT_MS,
  observe,
  sortKeyOf,
  stampOf,
  tick,
  type Stamp,
} from '../../src/lib/core/clock.ts';
import { idFromBytes, type DeviceId } from '../../src/lib/core/ids.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const LAST_MS = 2 ** 48 - 1;
const count = fc.integer({ min: 0, max: 0xffff });
const edgeCount = fc.oneof(count, fc.constantFrom(0, 0xfffe, 0xffff));
/** Wall clocks that jump: to the epoch, years ahead, by a second, not at all. */
const wall = fc.oneof(
  fc.integer({ min: 0, max: LAST_MS }),
  fc.integer({ min: NOON - 1000, max: NOON + 1000 }),
  fc.constantFrom(0, NOON),
);
const stamp: fc.Arbitrary<Stamp> = fc.record({ ms: wall, count: edgeCount });
const device = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => idFromBytes<DeviceId>(bytes));

describe('the clock of a device', () => {
  test('only ever goes on, however the wall clock jumps and whatever others say', () => {
    const event = fc.record({ now: wall, remote: fc.option(stamp, { nil: undefined }) });
    fc.assert(
      fc.property(stamp, fc.array(event, { maxLength: 40 }), (first, events) => {
        let last = first;
        for (const { now, remote } of events) {
          const seen = remote === undefined ? last : observe(last, remote, now);
          expect(compareStamps(seen, last)).toBeGreaterThanOrEqual(0);
          const next = tick(seen, now);
          expect(compareStamps(next, seen)).toBeGreaterThan(0);
          expect(next.ms).toBeGreaterThanOrEqual(now);
          expect(next.count).toBeLessThanOrEqual(0xffff);
          last = next;
        }
      }),
      { numRuns: 400 },
    );
  });

  test('starts counting anew with each new millisecond, and counts while time stands or goes back', () => {
    expect(tick({ ms: NOON, count: 9 }, NOON + 1)).toEqual({ ms: NOON + 1, count: 0 });
    expect(tick({ ms: NOON, count: 9 }, NOON)).toEqual({ ms: NOON, count: 10 });
    expect(tick({ ms: NOON, count: 9 }, NOON - 3600_000)).toEqual({ ms: NOON, count: 10 });
  });

  test('borrows a millisecond when the counter is full, so that the key keeps its width', () => {
    expect(tick({ ms: NOON, count: 0xfffe }, NOON)).toEqual({ ms: NOON, count: 0xffff });
    const over = tick({ ms: NOON, count: 0xffff }, NOON);
    expect(over).toEqual({ ms: NOON + 1, count: 0 });
    expect(tick(over, NOON)).toEqual({ ms: NOON + 1, count: 1 });
  });
});

describe('a stamp from somebody else', () => {
  test('is taken as it is up to five minutes ahead, and clamped beyond', () => {
    expect(MAX_DRIFT_MS).toBe(300_000);
    const edge = { ms: NOON + 300_000, count: 7 };
    expect(clamp(edge, NOON)).toEqual({ stamp: edge, clamped: false });
    const beyond = { ms: NOON + 300_001, count: 7 };
    expect(clamp(beyond, NOON)).toEqual({ stamp: { ms: NOON + 300_000, count: 0 }, clamped: true });
    expect(clamp({ ms: 0, count: 3 }, NOON)).toEqual({ stamp: { ms: 0, count: 3 }, clamped: false });
  });

  test('is followed by our answer, but drags our clock no further than that', () => {
    fc.assert(
      fc.property(stamp, stamp, wall, (last, remote, now) => {
        const seen = observe(last, remote, now);
        const answer = tick(seen, now);
        expect(compareStamps(answer, clamp(remote, now).stamp)).toBeGreaterThan(0);
        if (compareStamps(seen, last) !== 0) expect(seen.ms).toBeLessThanOrEqual(now + MAX_DRIFT_MS);
        else expect(seen).toEqual(last);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a sort key', () => {
  test('sorts as text by time, then counter, then device', () => {
    const close: fc.Arbitrary<Stamp> = fc.record({ ms: fc.integer({ min: NOON, max: NOON + 2 }), count: edgeCount });
    const either = fc.oneof(stamp, close);
    fc.assert(
      fc.property(either, either, device, device, (a, b, deviceA, deviceB) => {
        const textual = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
        const expected = Math.sign(compareStamps(a, b)) || textual(deviceA, deviceB);
        expect(textual(sortKeyOf(a, deviceA), sortKeyOf(b, deviceB))).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('gives its stamp back', () => {
    fc.assert(
      fc.property(fc.oneof(stamp, fc.constant({ ms: LAST_MS, count: 0xffff })), device, (one, by) => {
        expect(sortKeyOf(one, by)).toMatch(/^[0-9a-f]{16}-[A-Za-z0-9_-]{22}$/);
        expect(stampOf(sortKeyOf(one, by))).toEqual(one);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['no device', '0123456789ab0000-'],
    ['no dash', '0123456789ab0000'],
    ['another separator', '0123456789ab0000_device'],
    ['a digit too few', '123456789ab0000-device'],
    ['a digit too many', '00123456789ab0000-device'],
    ['capital letters', '0123456789AB0000-device'],
    ['a letter that is no digit', '0123456789ag0000-device'],
    ['a sign', '-123456789ab0000-device'],
    ['something before it', ' 0123456789ab0000-device'],
    ['a line break after it', '0123456789ab0000-device\n'],
  ])('with %s is none', (_, text) => {
    expect(stampOf(text)).toBeUndefined();
  });

  test('is none when it is any other text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const found = stampOf(text);
        if (found !== undefined) expect(text.startsWith(sortKeyOf(found, '' as DeviceId))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
