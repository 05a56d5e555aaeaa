import type { AccountId, ConversationId, MessageId } from '../core/ids.ts';
import { advanceMessage } from './outbox.ts';
import type { Store } from './store.ts';

/**
 * Stores that messages arrived on `reader`'s device or were read there, and moves the states of own
 * messages on, inside the caller's transaction. A state counts once it holds for everybody else in the
 * conversation. Receipts for messages that are not here, or not ours, change nothing.
 */
export async function recordReceipts(
  store: Store,
  conversationId: ConversationId,
  reader: AccountId,
  ids: { readonly delivered: readonly MessageId[]; readonly read: readonly MessageId[] },
  now: number,
): Promise<void> {
  const all = [...new Set([...ids.delivered, ...ids.read])];
  const rows = await store.messages.where('id').anyOf(all).toArray();
  const own = rows.filter((row) => row.isOutgoing && row.conversationId === conversationId).map((row) => row.id);
  if (own.length === 0) return;
  const read = new Set(ids.read);
  const before = await store.messageReadReceipts.bulkGet(own.map((id) => [id, reader]));
  await store.messageReadReceipts.bulkPut(
    own.map((messageId, i) => {
      const readAt = before[i]?.readAt ?? (read.has(messageId) ? now : undefined);
      return {
        messageId,
        userId: reader,
        deliveredAt: before[i]?.deliveredAt ?? now,
        ...(readAt === undefined ? {} : { readAt }),
      };
    }),
  );
  await advanceStates(store, conversationId, own, reader);
}

async function advanceStates(
  store: Store,
  conversationId: ConversationId,
  own: readonly MessageId[],
  reader: AccountId,
): Promise<void> {
  const others = await otherMembers(store, conversationId, reader);
  const receipts = await store.messageReadReceipts.where('messageId').anyOf(own).toArray();
  for (const id of own) {
    const ofMessage = receipts.filter((receipt) => receipt.messageId === id);
    const readBy = new Set(
      ofMessage.filter((receipt) => receipt.readAt !== undefined).map((receipt) => receipt.userId),
    );
    const deliveredTo = new Set(ofMessage.map((receipt) => receipt.userId));
    if (others.every((account) => readBy.has(account))) await advanceMessage(store, id, 'read');
    else if (others.every((account) => deliveredTo.has(account))) await advanceMessage(store, id, 'delivered');
  }
}

/** Everybody in the conversation who is not us; in a direct chat the one who sent the receipt. */
async function otherMembers(store: Store, conversationId: ConversationId, reader: AccountId): Promise<AccountId[]> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation?.groupId === undefined) return [reader];
  const members = await store.groupMembers.where('groupId').equals(conversation.groupId).toArray();
  const self = await store.relayLogin.get('self');
  return members.map((member) => member.memberId).filter((account) => account !== self?.accountId);
}
