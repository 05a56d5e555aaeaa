import { newId, type ConversationId, type GroupId, type MessageId, type StreamId } from '../core/ids.ts';
import { sortKeyOf, tick, type Stamp } from '../core/clock.ts';
import type { Clock, Random } from '../core/ports.ts';
import { chainFromBytes, chainToBytes } from '../crypto/senderKey/chain.ts';
import { sealRecord } from '../crypto/senderKey/seal.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { enqueue, hasWaitingIntent } from '../db/outbox.ts';
import { newestChainOf, saveChain } from '../db/senderKeys.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { OfflineOperationRow, Store } from '../db/store.ts';
import { bytesFromContent, type Content } from './content.ts';
import type { Identity } from './identity.ts';

/** What composing needs besides the store. */
export interface Composer {
  readonly store: Store;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
}

/** Tables of a transaction in which something is composed. */
export const composeTables = ['offlineOperations', 'senderKeys', 'mlsGroups', 'settings'] as const;

/** The next stamp of this device, inside the caller's transaction: it grows whatever the wall clock does. */
export async function nextSortKey(composer: Composer): Promise<{ sortKey: string; at: number }> {
  const { store, identity, clock } = composer;
  const last = (await getSetting<Stamp>(store, 'clock')) ?? { ms: 0, count: 0 };
  const stamp = tick(last, clock.now());
  await setSetting(store, 'clock', stamp, clock.now());
  return { sortKey: sortKeyOf(stamp, identity.device), at: stamp.ms };
}

/**
 * Seals `content` for a conversation and puts it in the outbox, inside the caller's transaction: the
 * advanced chain is on disk before the record can leave. Where there is no epoch to seal it in yet, or a
 * change of the group waits before it, the operation waits to be sealed.
 */
export async function compose(
  composer: Composer,
  conversationId: ConversationId,
  content: Content,
  place: { readonly id: MessageId; readonly sortKey: string; readonly isMessage: boolean },
): Promise<void> {
  const { store, identity, clock } = composer;
  const now = clock.now();
  const operation: OfflineOperationRow = {
    id: place.id,
    userId: identity.account,
    deviceId: identity.device,
    operationType: 'append',
    operationData: { content: bytesFromContent(content) },
    lane: conversationId,
    sortKey: place.sortKey,
    createdAt: now,
    retryCount: 0,
    maxRetries: 3,
    nextAttemptAt: 0,
    status: 'needsRekey',
    ...(place.isMessage ? { messageId: place.id } : {}),
  };
  const groupId = await groupOfConversation(store, conversationId);
  const mayGoOut = groupId !== undefined && !(await hasWaitingIntent(store, conversationId));
  const sealed = mayGoOut ? await sealOperation(composer, groupId, operation) : undefined;
  await enqueue(store, sealed ?? operation);
}

/**
 * The operation with its content sealed in the group's present epoch, and the own chain moved on, inside
 * the caller's transaction; `undefined` where this device has no chain in the group.
 */
export async function sealOperation(
  composer: Composer,
  groupId: GroupId,
  operation: OfflineOperationRow,
): Promise<OfflineOperationRow | undefined> {
  const { store, identity, clock } = composer;
  const row = await newestChainOf(store, groupId, identity.signaturePublic);
  if (row === undefined) return undefined;
  const { content } = operation.operationData as { content: Uint8Array };
  const chain = chainFromBytes(row.chainKey);
  if (!chain.ok) return undefined;
  const { record, next } = sealRecord(chain.value, identity.signaturePrivate, operation.id as MessageId, content);
  await saveChain(store, { ...row, chainKey: chainToBytes(next), iteration: next.iteration, updatedAt: clock.now() });
  return {
    ...operation,
    payload: record,
    streamId: groupId as string as StreamId,
    epoch: row.epoch,
    status: 'pending',
  };
}

/** A fresh id for a record that is no message. */
export const newMessageId = (random: Random): MessageId => newId<MessageId>(random);
