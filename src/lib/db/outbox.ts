import type { ConversationId } from '../core/ids.ts';
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
export function appendsByLane(store: Store, most: number): Promise<Map<string, OfflineOperationRow[]>> {
  return store.tx('r', ['offlineOperations'], async () => {
    const lanes = new Map<string, OfflineOperationRow[]>();
    const after = (lane: string, sortKey: string) =>
      store.offlineOperations.where('[lane+sortKey]').above([lane, sortKey]);
    let next = await store.offlineOperations.orderBy('[lane+sortKey]').first();
    while (next !== undefined) {
      const run = await runOf(next.lane, most, (lane, sortKey, limit) => after(lane, sortKey).limit(limit).toArray());
      if (run.length > 0) lanes.set(next.lane, run);
      next = await after(next.lane, LAST).first();
    }
    return lanes;
  });
}

/** Rows read at once. */
const READ = 64;

/** Above every sort key and every type of operation. */
const LAST = '\uffff';

/** The records of one lane that may go out now. @param read what stands after a sort key, in the order of lanes. */
async function runOf(
  lane: string,
  most: number,
  read: (lane: string, after: string, limit: number) => Promise<OfflineOperationRow[]>,
): Promise<OfflineOperationRow[]> {
  const run: OfflineOperationRow[] = [];
  for (let after = ''; ;) {
    const rows = await read(lane, after, READ);
    for (const operation of rows) {
      if (operation.lane !== lane) return run;
      if (operation.operationType !== 'append' || operation.status === 'failed' || operation.status === 'done')
        continue;
      // One run goes to one stream: a lane whose group changed hands waits for its turn.
      const sameStream = run.length === 0 || run[0]?.streamId === operation.streamId;
      if (operation.status === 'needsRekey' || operation.payload === undefined || !sameStream) return run;
      run.push(operation);
      if (run.length === most) return run;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < READ) return run;
    after = last.sortKey;
  }
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

/** What is wished in a lane besides the records that it sends, in order: it stays short however much is written. */
export async function wishesIn(store: Store, lane: string): Promise<OfflineOperationRow[]> {
  const rows = await store.offlineOperations
    .where('[lane+operationType]')
    .between([lane, ''], [lane, 'append'], true, false)
    .or('[lane+operationType]')
    .between([lane, 'append'], [lane, LAST], false, true)
    .toArray();
  return rows.sort(bySortKey);
}

/** Changes to groups that wait for the relay, oldest first. */
export async function waitingIntents(store: Store): Promise<OfflineOperationRow[]> {
  const rows = await store.offlineOperations
    .where('[status+createdAt]')
    .between(['pending', -Infinity], ['pending', Infinity])
    .toArray();
  const intents = rows.filter((row) => row.operationType !== 'append' && row.operationType !== SCHEDULED);
  const isReturn = (row: OfflineOperationRow) => Number(row.operationType === 'rejoin');
  return intents.sort((a, b) => isReturn(b) - isReturn(a) || bySortKey(a, b));
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

/** What {@link isHeld} now, of all lanes, in order. */
export async function heldRecords(store: Store, now: number): Promise<OfflineOperationRow[]> {
  const rows = await store.offlineOperations
    .where('[status+createdAt]')
    .between(['needsRekey', now - LONGEST_HOLD_MS], ['needsRekey', Infinity])
    .toArray();
  return rows.filter((row) => isHeld(row, now)).sort(bySortKey);
}

/** Whether records wait to be sealed in the present epoch. */
export const hasUnsealed = async (store: Store): Promise<boolean> =>
  (await store.offlineOperations
    .where('[status+createdAt]')
    .between(['needsRekey', -Infinity], ['needsRekey', Infinity])
    .limit(1)
    .count()) > 0;

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
const BLOCKING: ReadonlySet<string> = new Set(['create', 'own', 'join', 'add', 'remove', 'revoke', 'rejoin']);

/** Whether nobody asked for it by name: it goes unnoticed, and when it comes to nothing that is nobody's to decide. */
export const isChore = (operationType: string): boolean =>
  /^(release|rotate|answer|again|devices|revoke|own)$/.test(operationType);

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
  const wishes = await wishesIn(store, lane);
  if (wishes.some((row) => BLOCKING.has(row.operationType) && row.status !== 'failed' && !isIdle(row))) return true;
  return (await heldRecords(store, store.clock.now())).some((row) => row.lane === lane);
}

const bySortKey = (a: OfflineOperationRow, b: OfflineOperationRow): number =>
  a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0;
