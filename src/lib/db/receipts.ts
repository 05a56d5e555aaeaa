import type { AccountId, ConversationId, MessageId } from '../core/ids.ts';
import { alterMessages } from './messages/alter.ts';
import { advanceMessages } from './messages/status.ts';
import type { MessageReadReceiptRow, MessageRow, Store } from './store.ts';

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
  const read = new Set(ids.read);
  const rows = await store.messages.where('id').anyOf(all).toArray();
  const own = rows.filter((row) => isOwnIn(row, conversationId)).map((row) => row.id);
  const before = await store.messageReadReceipts.bulkGet(own.map((id) => [id, reader]));
  await store.messageReadReceipts.bulkPut(
    own.map((id, i) => receiptFrom(before[i], id, reader, read.has(id) ? now : undefined, now)),
  );
  const there = new Set(rows.map((row) => row.id));
  const archived = await alterMessages(
    store,
    all.filter((id) => !there.has(id)),
    (whole) => {
      if (!isOwnIn(whole.row, conversationId)) return whole;
      const { id } = whole.row;
      const known = whole.receipts.find((receipt) => receipt.userId === reader);
      const receipt = receiptFrom(known, id, reader, read.has(id) ? now : undefined, now);
      return { ...whole, receipts: [...whole.receipts.filter((one) => one !== known), receipt] };
    },
  );
  const receipts = [
    ...(own.length === 0 ? [] : await store.messageReadReceipts.where('messageId').anyOf(own).toArray()),
    ...archived.filter(({ row }) => isOwnIn(row, conversationId)).flatMap((whole) => whole.receipts),
  ];
  if (receipts.length > 0) await advanceStates(store, conversationId, receipts, reader);
}

const isOwnIn = (row: MessageRow, conversationId: ConversationId): boolean =>
  row.isOutgoing && row.conversationId === conversationId;

/** What is known of a message on somebody's devices, with what was heard now. The first time of each counts. */
function receiptFrom(
  known: MessageReadReceiptRow | undefined,
  messageId: MessageId,
  userId: AccountId,
  readAt: number | undefined,
  now: number,
): MessageReadReceiptRow {
  const first = known?.readAt ?? readAt;
  return {
    messageId,
    userId,
    deliveredAt: known?.deliveredAt ?? now,
    ...(first === undefined ? {} : { readAt: first }),
  };
}

async function advanceStates(
  store: Store,
  conversationId: ConversationId,
  receipts: readonly MessageReadReceiptRow[],
  reader: AccountId,
): Promise<void> {
  const others = await otherMembers(store, conversationId, reader);
  const readBy = new Map<MessageId, Set<AccountId>>();
  const deliveredTo = new Map<MessageId, Set<AccountId>>();
  for (const { messageId, userId, readAt } of receipts) {
    for (const accounts of readAt === undefined ? [deliveredTo] : [deliveredTo, readBy]) {
      accounts.set(messageId, (accounts.get(messageId) ?? new Set()).add(userId));
    }
  }
  const isByAll = (accounts: ReadonlySet<AccountId> | undefined): boolean =>
    others.every((account) => accounts?.has(account) === true);
  const ids = [...deliveredTo.keys()];
  const isRead = (id: MessageId): boolean => isByAll(readBy.get(id));
  await advanceMessages(store, ids.filter(isRead), 'read');
  await advanceMessages(
    store,
    ids.filter((id) => !isRead(id) && isByAll(deliveredTo.get(id))),
    'delivered',
  );
}

/** Everybody in the conversation who is not us; in a direct chat the one who sent the receipt. */
async function otherMembers(store: Store, conversationId: ConversationId, reader: AccountId): Promise<AccountId[]> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation?.groupId === undefined) return [reader];
  const members = await store.groupMembers.where('groupId').equals(conversation.groupId).toArray();
  const self = await store.relayLogin.get('self');
  return members.map((member) => member.memberId).filter((account) => account !== self?.accountId);
}
