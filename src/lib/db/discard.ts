import type { ConversationId } from '../core/ids.ts';
import { refuse } from '../core/result.ts';
import { changeTables, withdrawChange } from './changes/apply.ts';
import { alterMessage } from './messages/alter.ts';
import { groupOfConversation } from './mlsGroups.ts';
import { outboxTables, SCHEDULED } from './outbox.ts';
import type { OfflineOperationRow, Store } from './store.ts';

/** Tables of {@link discardOperation}. */
export const discardTables = [...outboxTables, ...changeTables, 'mlsGroups', 'groups'] as const;

/**
 * The person gives an operation up, inside the caller's transaction: its message leaves this device, where
 * alone it was, a change of a message is taken back (save a deletion: what it took is gone), and a
 * conversation that was never made goes with everything written in it. Refused: `not-found`.
 */
export async function discardOperation(store: Store, id: string): Promise<void> {
  const operation =
    (await store.offlineOperations.get(id)) ?? refuse({ code: 'not-found', retry: 'never', detail: `operation ${id}` });
  await store.offlineOperations.delete(id);
  if (operation.messageId !== undefined) await alterMessage(store, operation.messageId, () => undefined);
  if (operation.operationType === SCHEDULED) await dropFiles(store, operation);
  if (operation.targetId !== undefined) await withdrawChange(store, operation.targetId, id, store.clock.now());
  const conversationId = operation.lane as ConversationId;
  if (operation.operationType === 'leave') await stay(store, conversationId);
  const isFirst = operation.operationType === 'create' || operation.operationType === 'join';
  if (!isFirst || (await groupOfConversation(store, conversationId)) !== undefined) return;
  const conversation = await store.conversations.get(conversationId);
  await store.offlineOperations.where('lane').equals(conversationId).delete();
  await store.conversations.delete(conversationId);
  if (conversation?.groupId !== undefined) await store.groups.delete(conversation.groupId);
}

/** What hangs on a message that was to go later. */
async function dropFiles(store: Store, { operationData }: OfflineOperationRow): Promise<void> {
  const { files = [] } = operationData as { readonly files?: readonly { readonly transferId: string }[] };
  await store.fileTransfers.bulkDelete(files.map(({ transferId }) => transferId));
}

/** The person does not leave after all, as long as nobody has let them go. */
async function stay(store: Store, id: ConversationId): Promise<void> {
  const { leaving: _was, ...metadata } = (await store.conversations.get(id))?.metadata ?? {};
  await store.conversations.update(id, { metadata });
}
