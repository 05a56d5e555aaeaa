import type { ConversationId } from '../core/ids.ts';
import { refuse } from '../core/result.ts';
import { advanceMessages, setStatus } from './messages/status.ts';
import { messageTables } from './messages/whole.ts';
import type { MessageChangeRow, OfflineOperationRow, Store } from './store.ts';

/** Operations that wait on this device. Those of one lane go out in the order of their sort keys. */

/** Tables that {@link recordSent} and its neighbours touch; a caller's transaction must hold them. */
export const outboxTables = ['offlineOperations', ...messageTables] as const;

export async function enqueue(store: Store, operation: OfflineOperationRow): Promise<void> {
  await store.offlineOperations.add(operation);
}

/**
 * The sealed records that may go out now, by lane, in order. A lane stops at the first operation that
 * must be sealed again or waits for a change of the group; a failed one is a person's to decide and
 * holds nobody up.
 * @param most records a lane.
 */
export async function appendsByLane(store: Store, most: number): Promise<Map<string, OfflineOperationRow[]>> {
  const waiting = await store.offlineOperations
    .where('[status+createdAt]')
    .between(['inFlight', -Infinity], ['inFlight', Infinity])
    .or('[status+createdAt]')
    .between(['needsRekey', -Infinity], ['needsRekey', Infinity])
    .or('[status+createdAt]')
    .between(['pending', -Infinity], ['pending', Infinity])
    .toArray();
  const lanes = new Map<string, OfflineOperationRow[]>();
  const closed = new Set<string>();
  for (const operation of waiting.filter((o) => o.operationType === 'append').sort(bySortKey)) {
    if (closed.has(operation.lane)) continue;
    const lane = lanes.get(operation.lane) ?? [];
    // One run goes to one stream: a lane whose group changed hands waits for its turn.
    const sameStream = lane.length === 0 || lane[0]?.streamId === operation.streamId;
    if (operation.status === 'needsRekey' || operation.payload === undefined || !sameStream || lane.length === most) {
      closed.add(operation.lane);
      continue;
    }
    lane.push(operation);
    lanes.set(operation.lane, lane);
  }
  return lanes;
}

/** The relay has the record: the operation is over and its message one step further. */
export async function recordSent(store: Store, operation: OfflineOperationRow): Promise<void> {
  await store.offlineOperations.delete(operation.id);
  if (operation.messageId !== undefined) await advanceMessages(store, [operation.messageId], 'sent');
  if (operation.change !== undefined) await store.messageChanges.where('id').equals(operation.id).modify(markSynced);
}

/** Of a message that was packed away meanwhile the log stays as it is: it says nothing that is not known here. */
const markSynced = (row: MessageChangeRow): void => {
  if (row.syncStatus === 'pending') row.syncStatus = 'synced';
};

/** Sends the operations back to be sealed in the group's present epoch. */
export async function recordStale(store: Store, operations: readonly OfflineOperationRow[]): Promise<void> {
  for (const operation of operations) {
    await store.offlineOperations.update(operation.id, { status: 'needsRekey' });
    if (operation.messageId !== undefined) await setStatus(store, operation.messageId, 'stale');
  }
}

/** Whether something waits for a person's decision. */
export const hasFailures = async (store: Store): Promise<boolean> =>
  (await store.offlineOperations
    .where('[status+createdAt]')
    .between(['failed', -Infinity], ['failed', Infinity])
    .limit(1)
    .count()) > 0;

/** A refusal that trying again does not mend: the person sees it with its reason. */
export async function recordFailed(store: Store, operation: OfflineOperationRow, code: string): Promise<void> {
  await store.offlineOperations.update(operation.id, {
    status: 'failed',
    errorMessage: code,
    retryCount: operation.retryCount + 1,
  });
  if (operation.messageId !== undefined) await setStatus(store, operation.messageId, 'failed');
}

/** The person wants a failed operation tried again: its record, if any, is sealed anew. Refused: `not-found`. */
export async function retryOperation(store: Store, id: string): Promise<void> {
  const operation = (await store.offlineOperations.get(id)) ?? notFound(id);
  await store.offlineOperations.update(id, {
    status: operation.operationType === 'append' ? 'needsRekey' : 'pending',
    nextAttemptAt: 0,
  });
  if (operation.messageId !== undefined) await setStatus(store, operation.messageId, 'queued');
}

/** Changes to groups that wait for the relay, oldest first. */
export async function waitingIntents(store: Store): Promise<OfflineOperationRow[]> {
  const rows = await store.offlineOperations
    .where('[status+createdAt]')
    .between(['pending', -Infinity], ['pending', Infinity])
    .toArray();
  return rows.filter((row) => row.operationType !== 'append' && row.operationType !== SCHEDULED).sort(bySortKey);
}

/** A message that waits for its time: `operationData` has all of it, and it is sealed only when it goes. */
export const SCHEDULED = 'scheduled';

/** The longest time for which a message that was just sent may be kept back unsealed, in milliseconds. */
const LONGEST_HOLD_MS = 60_000;

/**
 * Whether it is kept back so that the person can still undo it. The bound is there for clocks that jump: nobody
 * waits longer for a time that was far ahead.
 */
export const isHeld = (
  { operationType, status, nextAttemptAt }: Pick<OfflineOperationRow, 'operationType' | 'status' | 'nextAttemptAt'>,
  now: number,
): boolean =>
  operationType === 'append' &&
  status === 'needsRekey' &&
  nextAttemptAt > now &&
  nextAttemptAt <= now + LONGEST_HOLD_MS;

/** Records that wait to be sealed in the present epoch, by lane, in order. */
export async function rekeysByLane(store: Store): Promise<Map<ConversationId, OfflineOperationRow[]>> {
  const rows = await store.offlineOperations
    .where('[status+createdAt]')
    .between(['needsRekey', -Infinity], ['needsRekey', Infinity])
    .toArray();
  const lanes = new Map<ConversationId, OfflineOperationRow[]>();
  for (const row of rows.sort(bySortKey)) {
    const lane = row.lane as ConversationId;
    lanes.set(lane, [...(lanes.get(lane) ?? []), row]);
  }
  return lanes;
}

/** Changes of who reads: what is written after them must go out after them. */
const BLOCKING: ReadonlySet<string> = new Set(['create', 'join', 'add', 'remove', 'revoke', 'rejoin']);

/** Whether nobody asked for it by name: it goes unnoticed, and when it comes to nothing that is nobody's to decide. */
export const isChore = (operationType: string): boolean =>
  /^(release|rotate|answer|devices|revoke)$/.test(operationType);

/** Whether it makes a conversation that is not there yet, and may still. */
export const isBeginning = ({
  operationType,
  status,
}: Pick<OfflineOperationRow, 'operationType' | 'status'>): boolean =>
  (operationType === 'create' || operationType === 'join') && status !== 'failed';

/** Somebody who can't be added yet holds nobody else up. */
const isIdle = (row: OfflineOperationRow): boolean =>
  row.operationType === 'add' && row.status === 'pending' && row.errorMessage !== undefined;

/**
 * Whether a change of the group, or a message that can still be undone, is waiting in the lane, so that what is
 * written after it must go out after it.
 */
export async function hasWaitingIntent(store: Store, lane: string): Promise<boolean> {
  const rows = await store.offlineOperations.where('lane').equals(lane).toArray();
  const now = store.clock.now();
  return rows.some(
    (row) => (BLOCKING.has(row.operationType) && row.status !== 'failed' && !isIdle(row)) || isHeld(row, now),
  );
}

const bySortKey = (a: OfflineOperationRow, b: OfflineOperationRow): number =>
  a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0;

const notFound = (id: string): never => refuse({ code: 'not-found', retry: 'never', detail: `operation ${id}` });
