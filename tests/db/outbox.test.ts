import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendsByLane,
  hasWaitingIntent,
  heldRecords,
  isChore,
  isHeld,
  SCHEDULED,
  wishesIn,
} from '../../src/lib/db/outbox.ts';
import type { OfflineOperationRow } from '../../src/lib/db/store.ts';
import { listWaiting } from '../../src/lib/services/activityViews.ts';
import type { Viewer } from '../../src/lib/services/viewer.ts';
import { countWaiting } from '../../src/lib/services/views.ts';
import { unlockedStore } from './disks.ts';
import { account, device, message, standingClock } from './fixtures.ts';

/** What waits is read by indexes, so that a long outbox costs no more than a short one; here all of it is read. */
const LANES = ['lane-a', 'lane-b', 'lane-b-long'];
const now = standingClock().now();

const someRow = fc.record({
  type: fc.constantFrom('append', 'append', 'append', 'add', 'create', 'rotate', 'zeal', SCHEDULED),
  says: fc.constantFrom('message', 'react', 'receipt'),
  lane: fc.constantFrom(...LANES),
  at: fc.nat(400),
  status: fc.constantFrom('pending', 'pending', 'inFlight', 'needsRekey', 'failed'),
  hold: fc.constantFrom(0, 0, 5_000, 600_000),
  age: fc.constantFrom(0, 100, 90_000),
  stream: fc.constantFrom('stream-1', 'stream-1', 'stream-1', 'stream-2'),
  isSealed: fc.boolean(),
});

const someOutbox = fc.array(someRow, { maxLength: 160 }).map((some) =>
  some.map(({ type, says, lane, at, status, hold, age, stream, isSealed }, i): OfflineOperationRow => {
    const isAppend = type === 'append';
    return {
      id: `operation-${i}`,
      userId: account('ana'),
      deviceId: device('ana'),
      operationType: type,
      lane,
      sortKey: `${String(at).padStart(4, '0')}-${String(i).padStart(4, '0')}`,
      createdAt: now - age,
      retryCount: 0,
      maxRetries: 3,
      nextAttemptAt: hold === 0 ? 0 : now - age + hold,
      status,
      ...(type === SCHEDULED ? { operationData: { text: 'later' } } : {}),
      ...(isAppend && says === 'message' ? { messageId: message(`m${i}`) } : {}),
      ...(isAppend && says === 'react' ? { change: 'react' as const } : {}),
      ...(isAppend && isSealed ? { payload: Uint8Array.of(i), streamId: stream as never } : {}),
    };
  }),
);

const bySortKey = (a: OfflineOperationRow, b: OfflineOperationRow): number => (a.sortKey < b.sortKey ? -1 : 1);

/** What {@link appendsByLane} promises, by its words. */
function runsOf(rows: readonly OfflineOperationRow[], most: number): Map<string, string[]> {
  const runs = new Map<string, string[]>();
  for (const lane of LANES) {
    const records = rows
      .filter((row) => row.lane === lane && row.operationType === 'append' && row.status !== 'failed')
      .sort(bySortKey);
    const end = records.findIndex(
      (row) => row.status === 'needsRekey' || row.payload === undefined || row.streamId !== records[0]?.streamId,
    );
    const run = records.slice(0, end < 0 ? undefined : end).slice(0, most);
    if (run.length > 0)
      runs.set(
        lane,
        run.map(({ id }) => id),
      );
  }
  return runs;
}

describe('an outbox of any kind', () => {
  it('is read by indexes as it would be read whole', async () => {
    await fc.assert(
      fc.asyncProperty(someOutbox, fc.constantFrom(1, 3, 64, Infinity), fc.nat(200), async (rows, most, limit) => {
        const store = await unlockedStore();
        await store.offlineOperations.bulkAdd(rows);

        const isVisible = (row: OfflineOperationRow): boolean =>
          row.operationType === 'append'
            ? row.messageId !== undefined || row.change !== undefined
            : !isChore(row.operationType);
        const visible = rows.filter(isVisible);
        const failed = visible.filter(({ status }) => status === 'failed').length;
        const waiting = visible.filter(
          (row) => row.status !== 'failed' && row.operationType !== SCHEDULED && !isHeld(row, now),
        ).length;
        expect(await countWaiting(store)).toEqual({ waiting, failed });

        const urgency = (row: OfflineOperationRow): number => (row.status === 'failed' ? 0 : 1);
        const listed = visible.sort((a, b) => urgency(a) - urgency(b) || a.createdAt - b.createdAt || bySortKey(a, b));
        const items = await listWaiting({ store } as Viewer, limit);
        expect(items.map(({ operation }) => operation)).toEqual(listed.slice(0, limit).map(({ id }) => id));

        const runs = await appendsByLane(store, most);
        expect(new Map([...runs].map(([lane, run]) => [lane, run.map(({ id }) => id)]))).toEqual(runsOf(rows, most));

        const held = rows.filter((row) => isHeld(row, now)).sort(bySortKey);
        expect((await heldRecords(store, now)).map(({ id }) => id)).toEqual(held.map(({ id }) => id));

        for (const lane of LANES) {
          const wishes = rows.filter((row) => row.lane === lane && row.operationType !== 'append').sort(bySortKey);
          expect((await wishesIn(store, lane)).map(({ id }) => id)).toEqual(wishes.map(({ id }) => id));
          const isBlocked =
            wishes.some(({ operationType, status }) => /^(create|add)$/.test(operationType) && status !== 'failed') ||
            held.some((row) => row.lane === lane);
          expect(await hasWaitingIntent(store, lane)).toBe(isBlocked);
        }
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});
