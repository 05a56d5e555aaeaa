import type { ConversationId, MessageId } from '../../core/ids.ts';
import { queueForSearch, queueSpanForSearch } from '../search/queue.ts';
import type { ConversationRow, Store } from '../store.ts';
import { behindColumn, behindOf } from './behind.ts';
import { textOf } from './bodies.ts';
import { count } from './counters.ts';
import { keepPreview } from './previews.ts';
import { keepShared } from './shared.ts';
import { placeOf, type MessageChange, type StoredMessage } from './whole.ts';

/** First and last sort key of neighbours. */
export interface Stretch {
  readonly from: string;
  readonly to: string;
}

/**
 * Keeps true what is known of a conversation without looking at its messages: how many are unread, its last
 * activity, its preview, its counters and what was shared in it; and tells the search index. In the caller's
 * transaction, after the messages were written.
 * @param imported for history that was imported, with the stretch in which nothing else stands, if there is one
 */
export async function note(
  store: Store,
  conversationId: ConversationId,
  changes: readonly MessageChange[],
  imported?: { readonly stretch: Stretch | undefined },
): Promise<void> {
  if (changes.length === 0) return;
  const searched = changes.filter(isSearchable);
  const span = imported?.stretch;
  const rows = searched.flatMap(({ before, after }) => (after ?? before)?.row ?? []);
  // At the same time: none looks at what another one writes, and each answer costs a way to the database and back.
  await Promise.all([
    noteInConversation(store, conversationId, changes, imported !== undefined),
    dropFiles(store, changes),
    store.isUnlocked ? keepPreview(store, conversationId, changes) : forget(store, conversationId),
    store.isUnlocked ? count(store, conversationId, changes) : undefined,
    keepShared(store, searched),
    span === undefined
      ? queueForSearch(store, rows.map(placeOf))
      : queueSpanForSearch(store, conversationId, { ...span, places: changes.length }),
  ]);
}

/** What hung on a message and does so no more leaves the device, with its ciphertext. */
async function dropFiles(store: Store, changes: readonly MessageChange[]): Promise<void> {
  const transfersOf = (message: StoredMessage | undefined) =>
    message?.attachments.flatMap((one) => one.transferId ?? []);
  const dropped = changes.flatMap(({ before, after }) => {
    const kept = new Set(transfersOf(after));
    return transfersOf(before)?.filter((id) => !kept.has(id)) ?? [];
  });
  if (dropped.length > 0) await store.fileTransfers.bulkDelete(dropped);
}

/** Whether a message is one that a person has to read. */
export const countsAsUnread = ({ isOutgoing, type, isDeleted }: StoredMessage['row']): boolean =>
  !isOutgoing && type !== 'system' && !isDeleted;

/** What a locked app can't keep true it drops: `recount` makes it anew after unlocking. */
async function forget(store: Store, conversationId: ConversationId): Promise<void> {
  await store.messagePreviews.delete(conversationId);
  await store.messageCounters.where('conversationId').equals(conversationId).delete();
}

async function noteInConversation(
  store: Store,
  conversationId: ConversationId,
  changes: readonly MessageChange[],
  isImport: boolean,
): Promise<void> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation === undefined) return;
  const isUnread = (message: StoredMessage | undefined): number =>
    Number(message !== undefined && message.row.sortKey > conversation.lastReadSortKey && countsAsUnread(message.row));
  let { unreadCount, lastActivity } = conversation;
  for (const { before, after } of changes) {
    unreadCount += isUnread(after) - isUnread(before);
    if (before === undefined && after !== undefined) lastActivity = Math.max(lastActivity, after.row.timestamp);
  }
  const known = behindOf(conversation);
  const behind = behindAfter(known, conversation, changes, isImport);
  unreadCount = Math.max(unreadCount + behind.length - known.length, 0);
  const isSame = unreadCount === conversation.unreadCount && lastActivity === conversation.lastActivity;
  if (isSame && behind === known) return;
  await store.conversations.update(conversationId, {
    unreadCount,
    lastActivity,
    ...(behind === known ? {} : behindColumn(behind)),
    updatedAt: store.clock.now(),
  });
}

/** The same list where nothing changes in it. What an import brings is history. */
function behindAfter(
  known: MessageId[],
  { lastReadSortKey }: ConversationRow,
  changes: readonly MessageChange[],
  isImport: boolean,
): MessageId[] {
  const gone = new Set<MessageId>();
  const come: MessageId[] = [];
  for (const { before, after } of changes) {
    if (before === undefined && after !== undefined && !isImport) {
      if (after.row.sortKey <= lastReadSortKey && countsAsUnread(after.row)) come.push(after.row.id);
    } else if (before !== undefined && (after === undefined || !countsAsUnread(after.row))) gone.add(before.row.id);
  }
  if (come.length === 0 && !known.some((id) => gone.has(id))) return known;
  return [...known.filter((id) => !gone.has(id)), ...come];
}

/** Whether what a search can find changed. */
function isSearchable({ before, after }: MessageChange): boolean {
  if (before === undefined || after === undefined) return true;
  return (
    before.row.type !== after.row.type ||
    before.row.isDeleted !== after.row.isDeleted ||
    before.attachments.map(({ id }) => id).join(' ') !== after.attachments.map(({ id }) => id).join(' ') ||
    textOf(before) !== textOf(after)
  );
}
