import type { ConversationId, MessageId } from '../core/ids.ts';
import { refuse } from '../core/result.ts';
import { groupOfConversation } from './mlsGroups.ts';
import type { OfflineOperationRow, Store } from './store.ts';

/** Operations that wait on this device. Those of one lane go out in the order of their sort keys. */

/** Tables that {@link recordSent} and its neighbours touch; a caller's transaction must hold them. */
export const outboxTables = ['offlineOperations', 'messages'] as const;

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
  if (operation.messageId !== undefined) await advanceMessage(store, operation.messageId, 'sent');
}

/** Sends the operations back to be sealed in the group's present epoch. */
export async function recordStale(store: Store, operations: readonly OfflineOperationRow[]): Promise<void> {
  for (const operation of operations) {
    await store.offlineOperations.update(operation.id, { status: 'needsRekey' });
    if (operation.messageId !== undefined)
      await store.messages.where('id').equals(operation.messageId).modify({ status: 'stale' });
  }
}

/** A refusal that trying again does not mend: the person sees it with its reason. */
export async function recordFailed(store: Store, operation: OfflineOperationRow, code: string): Promise<void> {
  await store.offlineOperations.update(operation.id, {
    status: 'failed',
    errorMessage: code,
    retryCount: operation.retryCount + 1,
  });
  if (operation.messageId !== undefined)
    await store.messages.where('id').equals(operation.messageId).modify({ status: 'failed' });
}

/** The person wants a failed operation tried again: its record, if any, is sealed anew. Refused: `not-found`. */
export async function retryOperation(store: Store, id: string): Promise<void> {
  const operation = (await store.offlineOperations.get(id)) ?? notFound(id);
  await store.offlineOperations.update(id, {
    status: operation.operationType === 'append' ? 'needsRekey' : 'pending',
    nextAttemptAt: 0,
  });
  if (operation.messageId !== undefined)
    await store.messages.where('id').equals(operation.messageId).modify({ status: 'queued' });
}

/** Tables of {@link discardOperation}. */
export const discardTables = [...outboxTables, 'mlsGroups', 'conversations', 'groups'] as const;

/**
 * The person gives an operation up, inside the caller's transaction: its message leaves this device, where
 * alone it was, and a conversation that was never made goes with everything written in it. Refused: `not-found`.
 */
export async function discardOperation(store: Store, id: string): Promise<void> {
  const operation = (await store.offlineOperations.get(id)) ?? notFound(id);
  await store.offlineOperations.delete(id);
  if (operation.messageId !== undefined) await store.messages.where('id').equals(operation.messageId).delete();
  const conversationId = operation.lane as ConversationId;
  if (operation.operationType !== 'create' || (await groupOfConversation(store, conversationId)) !== undefined) return;
  const conversation = await store.conversations.get(conversationId);
  await store.offlineOperations.where('lane').equals(conversationId).delete();
  await store.conversations.delete(conversationId);
  if (conversation?.groupId !== undefined) await store.groups.delete(conversation.groupId);
}

/** Changes to groups that wait for the relay, oldest first. */
export async function waitingIntents(store: Store): Promise<OfflineOperationRow[]> {
  const rows = await store.offlineOperations
    .where('[status+createdAt]')
    .between(['pending', -Infinity], ['pending', Infinity])
    .toArray();
  return rows.filter((row) => row.operationType !== 'append').sort(bySortKey);
}

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

/** Whether a change of the group is waiting in the lane, so that what is written after it must go out after it. */
export async function hasWaitingIntent(store: Store, lane: string): Promise<boolean> {
  const rows = await store.offlineOperations.where('lane').equals(lane).toArray();
  return rows.some((row) => row.operationType !== 'append' && row.status !== 'failed');
}

const STEPS = ['queued', 'stale', 'failed', 'sent', 'delivered', 'read'] as const;

/** Moves an own message forward, never back. */
export async function advanceMessage(
  store: Store,
  id: MessageId,
  status: 'sent' | 'delivered' | 'read',
): Promise<void> {
  await store.messages
    .where('id')
    .equals(id)
    .modify((row) => {
      if (STEPS.indexOf(row.status) < STEPS.indexOf(status)) row.status = status;
    });
}

const bySortKey = (a: OfflineOperationRow, b: OfflineOperationRow): number =>
  a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0;

const notFound = (id: string): never => refuse({ code: 'not-found', retry: 'never', detail: `operation ${id}` });
