import type { Bytes } from '../core/bytes.ts';
import { newId, type ConversationId, type DeviceId, type GroupId, type MessageId, type StreamId } from '../core/ids.ts';
import { sortKeyOf, stampOf, tick, type Stamp } from '../core/clock.ts';
import type { Clock, Random } from '../core/ports.ts';
import { notesConversationId } from '../crypto/identity.ts';
import { createSigner, type Signer } from '../crypto/platformSignature.ts';
import { chainToBytes, type SenderChain } from '../crypto/senderKey/chain.ts';
import { draftRecord, sealRecord, signDraft } from '../crypto/senderKey/seal.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { enqueue, hasWaitingIntent } from '../db/outbox.ts';
import { newestChainOf, saveChain } from '../db/senderKeys.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { OfflineOperationRow, Store } from '../db/store.ts';
import type { ChangeKind } from '../domain/messageChanges.ts';
import { bytesFromContent, type Content } from './content.ts';
import type { Identity } from './identity.ts';
import { heldBy, heldTables } from './held.ts';
import { chainOf } from './storedChain.ts';

/** What composing needs besides the store. */
export interface Composer {
  readonly store: Store;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
}

/** Tables of a transaction in which something is composed. */
export const composeTables = ['offlineOperations', 'senderKeys', 'mlsGroups', 'settings', ...heldTables] as const;

/** The next stamp of this device, inside the caller's transaction: it grows whatever the wall clock does. */
export async function nextSortKey(composer: Composer): Promise<{ sortKey: string; at: number }> {
  const { store, identity, clock } = composer;
  const last = (await getSetting<Stamp>(store, 'clock')) ?? { ms: 0, count: 0 };
  const stamp = tick(last, clock.now());
  await setSetting(store, 'clock', stamp, clock.now());
  return { sortKey: sortKeyOf(stamp, identity.device), at: stamp.ms };
}

/** A stamp of this device that comes after `key` too, whoever wrote that. */
export function stampAfter(own: string, key: string, device: DeviceId): string {
  const seen = stampOf(key);
  return seen === undefined || own.slice(0, 16) > key.slice(0, 16) ? own : sortKeyOf(tick(seen, 0), device);
}

/** A record that was sealed before the transaction which stores it. */
export interface SealedAhead {
  readonly id: MessageId;
  readonly groupId: GroupId;
  readonly epoch: number;
  /** Where the chain stood. */
  readonly iteration: number;
  readonly record: Bytes;
  readonly next: SenderChain;
}

/**
 * Seals `content` with the own chain as it stands now, and signs it on the platform, which is fast but
 * answers later: that has no place inside a transaction. What is sealed here counts only if the chain has
 * not moved by the time it is stored. `undefined` where there is no chain to seal it with.
 */
export async function sealAhead(
  composer: Composer,
  conversationId: ConversationId,
  content: Content,
  id: MessageId,
): Promise<SealedAhead | undefined> {
  const { store, identity } = composer;
  const groupId = await groupOfConversation(store, conversationId);
  const row = groupId === undefined ? undefined : await newestChainOf(store, groupId, identity.signaturePublic);
  if (groupId === undefined || row === undefined) return undefined;
  const draft = draftRecord(chainOf(row), id, bytesFromContent(content));
  const record = await signDraft(draft, await signerOf(identity));
  return { id, groupId, epoch: row.epoch, iteration: row.iteration, record, next: draft.next };
}

/**
 * Seals `content` for a conversation and puts it in the outbox, inside the caller's transaction: the
 * advanced chain is on disk before the record can leave. Where there is no epoch to seal it in yet, or a
 * change of the group waits before it, the operation waits to be sealed. What one says to oneself goes to one's other
 * devices, and stays here where there are none.
 */
export async function compose(
  composer: Composer,
  conversationId: ConversationId,
  content: Content,
  place: {
    readonly id: MessageId;
    readonly sortKey: string;
    readonly isMessage: boolean;
    /** What it does to another message. */
    readonly change?: { readonly what: ChangeKind; readonly target: MessageId };
    readonly ahead?: SealedAhead | undefined;
    /** Until then it stays unsealed on this device, so that it can be undone without a trace. */
    readonly heldUntil?: number | undefined;
  },
): Promise<void> {
  const { store, identity, clock } = composer;
  const groupId = await groupOfConversation(store, conversationId);
  const waits = await hasWaitingIntent(store, conversationId);
  if (groupId === undefined && !waits && conversationId === notesConversationId(identity.account)) return;
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
    nextAttemptAt: place.heldUntil ?? 0,
    status: 'needsRekey',
    ...(place.isMessage ? { messageId: place.id } : {}),
    ...(place.change === undefined ? {} : { change: place.change.what, targetId: place.change.target }),
  };
  const mayGoOut =
    groupId !== undefined &&
    place.heldUntil === undefined &&
    !waits &&
    (await heldBy(composer, conversationId)).length === 0;
  const sealed = mayGoOut ? await sealOperation(composer, groupId, operation, place.ahead) : undefined;
  await enqueue(store, sealed ?? operation);
}

/**
 * The operation with its content sealed in the group's present epoch, and the own chain moved on, inside
 * the caller's transaction; `undefined` where this device has no chain in the group.
 * @param ahead is used if the chain still stands where it was sealed; else it is sealed here and now.
 */
export async function sealOperation(
  composer: Composer,
  groupId: GroupId,
  operation: OfflineOperationRow,
  ahead?: SealedAhead,
): Promise<OfflineOperationRow | undefined> {
  const { store, identity, clock } = composer;
  const row = await newestChainOf(store, groupId, identity.signaturePublic);
  if (row === undefined) return undefined;
  const { content } = operation.operationData as { content: Uint8Array };
  const stands =
    ahead?.id === operation.id &&
    ahead.groupId === groupId &&
    ahead.epoch === row.epoch &&
    ahead.iteration === row.iteration;
  const { record, next } = stands
    ? ahead
    : sealRecord(chainOf(row), identity.signaturePrivate, operation.id as MessageId, content);
  await saveChain(store, { ...row, chainKey: chainToBytes(next), iteration: next.iteration, updatedAt: clock.now() });
  return {
    ...operation,
    payload: record,
    streamId: groupId as string as StreamId,
    epoch: row.streamEpoch ?? row.epoch,
    status: 'pending',
  };
}

const signers = new WeakMap<Identity, Promise<Signer>>();

function signerOf(identity: Identity): Promise<Signer> {
  const known = signers.get(identity) ?? createSigner(identity.signaturePrivate);
  signers.set(identity, known);
  return known;
}

/** A fresh id for a record that is no message. */
export const newMessageId = (random: Random): MessageId => newId<MessageId>(random);
