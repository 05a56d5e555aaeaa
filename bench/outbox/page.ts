import { Dexie } from 'dexie';
import type { AccountId, DeviceId, MessageId, StreamId } from '../../src/lib/core/ids.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { appendsByLane, hasWaitingIntent } from '../../src/lib/db/outbox.ts';
import { openStore, type OfflineOperationRow, type Store } from '../../src/lib/db/store.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import { systemRandom } from '../../src/lib/platform/ports.ts';
import { countWaiting } from '../../src/lib/services/views.ts';

/** Milliseconds of each task, with few records waiting and with many. */
export type Figures = Readonly<Record<string, { readonly few: number; readonly many: number }>>;

const FEW = 100;
const MANY = 10_000;
const RECORD_BYTES = 700;
const LANE = 'conversation-0';

(globalThis as unknown as { measure: () => Promise<Figures> }).measure = async () => {
  const [few, many] = [await outboxOf('few', FEW), await outboxOf('many', MANY)];
  const figures: Record<string, { few: number; many: number }> = {};
  for (const [task, work] of Object.entries(tasks)) {
    const [atFew, atMany] = await inTurns(
      () => work(few),
      () => work(many),
    );
    figures[task] = { few: atFew, many: atMany };
  }
  for (const store of [few, many]) {
    store.close();
    await Dexie.delete(store.name);
  }
  return figures;
};

const tasks: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'what waits is counted': countWaiting,
  'whether a message may go out': (store) => hasWaitingIntent(store, LANE),
  'the next 64 records of each conversation': (store) => appendsByLane(store, 64),
};

/** Records of ten conversations that were sealed while there was no network. */
async function outboxOf(name: string, count: number): Promise<Store> {
  const store = await openStore({ name, clock: systemClock, random: systemRandom });
  store.unlock(createSealer(systemRandom.bytes(32), systemRandom));
  const now = systemClock.now();
  await store.offlineOperations.bulkAdd(
    Array.from({ length: count }, (_, i): OfflineOperationRow => ({
      id: `operation-${i}`,
      userId: 'account' as AccountId,
      deviceId: 'device' as DeviceId,
      operationType: 'append',
      operationData: { content: systemRandom.bytes(200) },
      payload: systemRandom.bytes(RECORD_BYTES),
      streamId: `stream-${i % 10}` as StreamId,
      messageId: `message-${i}` as MessageId,
      epoch: 1,
      lane: `conversation-${i % 10}`,
      sortKey: String(i).padStart(8, '0'),
      createdAt: now - count + i,
      retryCount: 0,
      maxRetries: 3,
      nextAttemptAt: 0,
      status: 'pending',
    })),
  );
  return store;
}

/** Medians of two tasks that take turns, after a few that don't count. */
async function inTurns(one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = -3; round < 41; round++) {
    const [a, b] = [await timed(one), await timed(other)];
    if (round < 0) continue;
    times[0].push(a);
    times[1].push(b);
  }
  return [median(times[0]), median(times[1])];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
