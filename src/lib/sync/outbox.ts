import type * as v from 'valibot';
import type { StreamId } from '../core/ids.ts';
import type { Locks } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { appendsByLane, outboxTables, recordFailed, recordSent, recordStale } from '../db/outbox.ts';
import type { OfflineOperationRow, Store } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import type { append } from '../protocol/requests.ts';
import type { CallFault, RelayClient } from './relayClient.ts';

export interface DrainReport {
  readonly sent: number;
  /** Records that the relay wants sealed in a later epoch: the unlocked app does that. */
  readonly stale: number;
  readonly failed: number;
}

const BATCH = 64;
const BATCH_BYTES = limits.body / 2;

/**
 * Sends what waits, lane by lane and in order, until nothing may go out any more. Needs no message
 * key: the service worker runs it while the app is locked or closed. One drain runs at a time.
 * @returns what became of the records, or why the relay could not be reached.
 */
export function drainOutbox(store: Store, relay: RelayClient, locks: Locks): Promise<Result<DrainReport, CallFault>> {
  return locks.run('outbox', async () => {
    let report: DrainReport = { sent: 0, stale: 0, failed: 0 };
    for (;;) {
      const lanes = await appendsByLane(store, BATCH);
      if (lanes.size === 0) return ok(report);
      const before = report;
      for (const operations of lanes.values()) {
        const result = await sendRun(store, relay, fitting(operations));
        if (!result.ok) return result;
        report = sum(report, result.value);
      }
      // A relay that answers for none of them would keep us here for ever.
      if (report.sent + report.stale + report.failed === before.sent + before.stale + before.failed) return ok(report);
    }
  });
}

/**
 * Sends the operations of one lane, and records each one's answer before the next request. The records
 * are offered first: whoever was removed meanwhile still holds the keys of the old epoch, so a record that
 * is stale must not even reach the relay.
 */
async function sendRun(
  store: Store,
  relay: RelayClient,
  run: readonly OfflineOperationRow[],
): Promise<Result<DrainReport, CallFault>> {
  const stream = run[0]?.streamId as StreamId;
  const offered = await relay.offer(stream, { entries: run.map(({ id, epoch }) => ({ id, epoch: epoch ?? 0 })) });
  if (!offered.ok) return refused(store, run, offered.error);
  const refusedAt = offered.value.results.findIndex((result) => !result.ok);
  if (refusedAt === 0) return record(store, run, offered.value.results);

  const welcome = refusedAt < 0 ? run : run.slice(0, refusedAt);
  const answer = await relay.append(stream, {
    entries: welcome.map((operation) => ({
      id: operation.id,
      epoch: operation.epoch ?? 0,
      payload: operation.payload ?? new Uint8Array(),
      ...(isQuiet(operation) ? { quiet: true } : {}),
    })),
  });
  return answer.ok ? record(store, welcome, answer.value.results) : refused(store, run, answer.error);
}

/** Whether nobody need be woken for it: receipts, changes of messages, and what own devices tell each other. */
const isQuiet = ({ messageId }: OfflineOperationRow): boolean => messageId === undefined;

/** The relay took the request as a whole as wrong, or could not be reached. */
async function refused(
  store: Store,
  run: readonly OfflineOperationRow[],
  fault: CallFault,
): Promise<Result<DrainReport, CallFault>> {
  // Nothing is refused for good while the relay is merely away or asks to wait.
  if (fault.retry === 'now' || fault.retry === 'person') return err(fault);
  await store.tx('rw', outboxTables, async () => {
    for (const operation of run) await recordFailed(store, operation, fault.code);
  });
  return ok({ sent: 0, stale: 0, failed: run.length });
}

type EntryResult = v.InferOutput<typeof append.answer>['results'][number];

async function record(
  store: Store,
  run: readonly OfflineOperationRow[],
  results: readonly EntryResult[],
): Promise<Result<DrainReport, CallFault>> {
  const report = { sent: 0, stale: 0, failed: 0 };
  await store.tx('rw', outboxTables, async () => {
    for (const [i, result] of results.entries()) {
      const operation = run[i];
      if (operation === undefined || operation.id !== result.id) break;
      if (result.ok) {
        await recordSent(store, operation);
        report.sent++;
      } else if (result.code === 'stale-epoch' || result.code === 'future-epoch') {
        // Everything behind it in the lane was sealed no later: all of it is sealed again, in order.
        const rest = run.slice(i);
        await recordStale(store, rest);
        report.stale += rest.length;
        break;
      } else if (result.code === 'conflict') {
        await recordFailed(store, operation, result.code);
        report.failed++;
      }
    }
  });
  return ok(report);
}

/** As many as fit in one request body; the first always does. */
function fitting(operations: readonly OfflineOperationRow[]): readonly OfflineOperationRow[] {
  let bytes = 0;
  const end = operations.findIndex((operation, i) => {
    bytes += operation.payload?.length ?? 0;
    return i > 0 && bytes > BATCH_BYTES;
  });
  return end < 0 ? operations : operations.slice(0, end);
}

const sum = (a: DrainReport, b: DrainReport): DrainReport => ({
  sent: a.sent + b.sent,
  stale: a.stale + b.stale,
  failed: a.failed + b.failed,
});
