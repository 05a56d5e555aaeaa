import type { ConversationId, MessageId } from '../core/ids.ts';
import type { MessageRow, Store, ThreadRow } from './store.ts';

/** How many answers each thread has, and how many of them are new: counted as they come. */

/** Counts messages that were just added, inside the caller's transaction. */
export async function countReplies(store: Store, rows: readonly MessageRow[]): Promise<void> {
  for (const row of rows) {
    if (row.parentMessageId === undefined) continue;
    const thread = await threadOf(store, row.conversationId, row.parentMessageId);
    await store.threads.put({
      ...thread,
      replies: thread.replies + 1,
      unread: row.isOutgoing ? 0 : thread.unread + 1,
      lastSortKey: row.sortKey > thread.lastSortKey ? row.sortKey : thread.lastSortKey,
      lastActivity: Math.max(thread.lastActivity, row.timestamp),
    });
  }
}

/** A reply is gone from this device for good. */
export async function uncountReply(store: Store, row: MessageRow): Promise<void> {
  if (row.parentMessageId === undefined) return;
  const thread = await threadOf(store, row.conversationId, row.parentMessageId);
  if (thread.replies <= 1) await store.threads.delete([row.conversationId, row.parentMessageId]);
  else await store.threads.put({ ...thread, replies: thread.replies - 1 });
}

/** The threads of these messages, by the message that began each. */
export async function threadsOf(
  store: Store,
  conversationId: ConversationId,
  heads: readonly MessageId[],
): Promise<Map<MessageId, ThreadRow>> {
  const rows = await store.threads.bulkGet(heads.map((headId) => [conversationId, headId]));
  return new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.headId, row]])));
}

/** The person has seen what a thread says. */
export async function markThreadRead(store: Store, conversationId: ConversationId, headId: MessageId): Promise<void> {
  await store.threads.update([conversationId, headId], { unread: 0 });
}

/** The person has seen the conversation up to here, and with it what its threads said till then. */
export async function markThreadsRead(store: Store, conversationId: ConversationId, upTo: string): Promise<void> {
  await store.threads
    .where('[conversationId+lastSortKey]')
    .between([conversationId, ''], [conversationId, upTo], true, true)
    .modify((row) => {
      if (row.unread > 0) row.unread = 0;
    });
}

async function threadOf(store: Store, conversationId: ConversationId, headId: MessageId): Promise<ThreadRow> {
  const row = await store.threads.get([conversationId, headId]);
  return row ?? { conversationId, headId, replies: 0, unread: 0, lastSortKey: '', lastActivity: 0 };
}
