import type { ConversationId } from '../../core/ids.ts';
import type { ConversationRow, MessageRow, Store } from '../store.ts';
import { behindColumn, behindOf } from './behind.ts';
import { messageById } from './find.ts';
import { LAST } from './archive.ts';
import { countsAsUnread } from './ledger.ts';
import { scan } from './scan.ts';

/** How far a conversation has been read. */
type ReadMark = Pick<ConversationRow, 'lastReadSortKey' | 'unreadBehind'>;

/**
 * The person has seen everything up to `sortKey`: moves the mark forward and counts what is left,
 * inside the caller's transaction.
 * @param since of the messages that came behind the mark only those from this key on were seen.
 * @returns the messages of others that were read just now, long texts without their content.
 */
export async function markReadUpTo(
  store: Store,
  conversationId: ConversationId,
  sortKey: string,
  now: number,
  since = '',
): Promise<MessageRow[]> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation === undefined) return [];
  const { lastReadSortKey } = conversation;
  const behind = await unreadBehind(store, conversation);
  const seenBehind = behind.filter((row) => row.sortKey >= since && row.sortKey <= sortKey);
  if (sortKey <= lastReadSortKey && seenBehind.length === 0) return [];
  const unread = await unreadAfter(store, conversationId, lastReadSortKey);
  const seen = unread.filter((row) => row.sortKey <= sortKey);
  const rest = behind.filter((row) => !seenBehind.includes(row));
  await store.conversations.update(conversationId, {
    lastReadSortKey: sortKey > lastReadSortKey ? sortKey : lastReadSortKey,
    ...behindColumn(rest.map(({ id }) => id)),
    unreadCount: unread.length - seen.length + rest.length,
    isMarkedUnread: false,
    updatedAt: now,
  });
  return [...seenBehind, ...seen];
}

/** How many messages of a conversation a person has to read. Refused: `locked` where some of them are in blocks. */
export const countUnread = async (
  store: Store,
  conversation: Pick<ConversationRow, 'id'> & ReadMark,
): Promise<number> =>
  (await unreadAfter(store, conversation.id, conversation.lastReadSortKey)).length +
  (await unreadBehind(store, conversation)).length;

/** What came behind the mark and is yet to be read, in the order of the conversation. */
export async function unreadBehind(store: Store, conversation: ReadMark): Promise<MessageRow[]> {
  const rows = await Promise.all(behindOf(conversation).map((id) => messageById(store, id)));
  return rows
    .filter((row) => row !== undefined)
    .filter((row) => row.sortKey <= conversation.lastReadSortKey && countsAsUnread(row))
    .sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
}

/**
 * From `sortKey` on nothing is read any more: moves the mark back to what stands before it, inside the caller's
 * transaction.
 * @param before sort key of what stands before it; empty where nothing does
 */
export async function markUnreadFrom(
  store: Store,
  conversation: ConversationRow,
  before: string,
  now: number,
): Promise<void> {
  const behind = await unreadBehind(store, { ...conversation, lastReadSortKey: before });
  const next = { lastReadSortKey: before, ...behindColumn(behind.map(({ id }) => id)) };
  await store.conversations.update(conversation.id, {
    ...next,
    unreadCount: await countUnread(store, { ...conversation, ...next }),
    updatedAt: now,
  });
}

async function unreadAfter(store: Store, conversationId: ConversationId, sortKey: string): Promise<MessageRow[]> {
  const found = await scan(store, { conversationId, after: sortKey, before: LAST }, 'up', Infinity);
  return found.map(({ row }) => row).filter(countsAsUnread);
}

/** Sets the stored number of unread messages to what is there, inside the caller's transaction. */
export async function recountUnread(store: Store, conversationId: ConversationId, now: number): Promise<void> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation === undefined) return;
  const behind = behindColumn((await unreadBehind(store, conversation)).map(({ id }) => id));
  const unreadCount = await countUnread(store, conversation);
  if (unreadCount !== conversation.unreadCount || behind.unreadBehind !== (conversation.unreadBehind ?? ''))
    await store.conversations.update(conversationId, { ...behind, unreadCount, updatedAt: now });
}
