import type { ConversationId, MessageId } from '../core/ids.ts';
import type { MessageRow, Store } from './store.ts';

/** Which of the ids are messages of this device already. */
export async function knownMessages(store: Store, ids: readonly MessageId[]): Promise<Set<MessageId>> {
  const rows = await store.messages.where('id').anyOf(ids).toArray();
  return new Set(rows.map((row) => row.id));
}

/**
 * Adds messages of others to their conversation, and counts those that are new to the person, inside the
 * caller's transaction. Two that claim the same place in the order are told apart by their ids.
 * @returns the ids, in order.
 */
export async function addReceived(
  store: Store,
  conversationId: ConversationId,
  messages: readonly MessageRow[],
  now: number,
): Promise<MessageId[]> {
  if (messages.length === 0) return [];
  const taken = await store.messages.bulkGet(messages.map((row) => [row.conversationId, row.sortKey]));
  const seen = new Set(taken.flatMap((row) => (row === undefined ? [] : [row.sortKey])));
  const rows = messages.map((row) => {
    const sortKey = seen.has(row.sortKey) ? `${row.sortKey}+${row.id}` : row.sortKey;
    seen.add(sortKey);
    return { ...row, sortKey };
  });
  await store.messages.bulkAdd(rows);
  const conversation = await store.conversations.get(conversationId);
  if (conversation !== undefined) {
    const unread = rows.filter((row) => row.sortKey > conversation.lastReadSortKey).length;
    const lastActivity = Math.max(conversation.lastActivity, ...rows.map((row) => row.timestamp));
    await store.conversations.update(conversationId, {
      unreadCount: conversation.unreadCount + unread,
      lastActivity,
      updatedAt: now,
    });
  }
  return rows.map((row) => row.id);
}

/** The newest messages of a conversation, oldest first, and whether there are older ones. */
export async function newestMessages(
  store: Store,
  conversationId: ConversationId,
  limit: number,
): Promise<{ rows: MessageRow[]; hasOlder: boolean }> {
  const rows = await store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, ''], [conversationId, '\uffff'])
    .reverse()
    .limit(limit + 1)
    .toArray();
  return { rows: rows.slice(0, limit).reverse(), hasOlder: rows.length > limit };
}

/**
 * The person has seen everything up to `sortKey`: moves the mark forward and counts what is left,
 * inside the caller's transaction.
 * @returns the messages of others that were read just now.
 */
export async function markReadUpTo(
  store: Store,
  conversationId: ConversationId,
  sortKey: string,
  now: number,
): Promise<MessageRow[]> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation === undefined || sortKey <= conversation.lastReadSortKey) return [];
  const seen = await store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, conversation.lastReadSortKey], [conversationId, sortKey], false, true)
    .toArray();
  const left = await store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, sortKey], [conversationId, '\uffff'], false)
    .filter((row) => !row.isOutgoing && row.type !== 'system')
    .count();
  await store.conversations.update(conversationId, { lastReadSortKey: sortKey, unreadCount: left, updatedAt: now });
  return seen.filter((row) => !row.isOutgoing && row.type !== 'system');
}
