import type { ConversationId, MessageId } from '../../core/ids.ts';
import type { MessagePreviewRow, MessageRow, Store } from '../store.ts';
import { LAST } from './archive.ts';
import { textOf } from './bodies.ts';
import { rowsOf, scan } from './scan.ts';
import type { MessageChange, StoredMessage } from './whole.ts';

/** UTF-16 code units of a text that a preview keeps. */
const LONGEST = 200;

/** The newest message of each conversation that has any. */
export async function listPreviews(store: Store): Promise<MessagePreviewRow[]> {
  return store.messagePreviews.toArray();
}

/** Puts the newest message of a conversation into its preview, in the caller's transaction. */
export async function keepPreview(
  store: Store,
  conversationId: ConversationId,
  changes: readonly MessageChange[],
): Promise<void> {
  const shown = await store.messagePreviews.get(conversationId);
  let newest: StoredMessage | undefined;
  let isGone = false;
  for (const { before, after } of changes) {
    if (after === undefined) isGone ||= before?.row.sortKey === shown?.sortKey;
    else if (after.row.sortKey >= (newest?.row.sortKey ?? shown?.sortKey ?? '')) newest = after;
  }
  if (newest !== undefined) await store.messagePreviews.put(previewFrom(newest.row, textOf(newest)));
  else if (isGone) await findPreview(store, conversationId);
}

/** The state of an own message changed; works while the store is locked. */
export async function keepPreviewStatus(
  store: Store,
  conversationId: ConversationId,
  messageId: MessageId,
  status: MessageRow['status'],
): Promise<void> {
  const shown = await store.messagePreviews.get(conversationId);
  if (shown?.messageId === messageId && shown.status !== status) await store.messagePreviews.put({ ...shown, status });
}

/** Looks for the newest message and puts it into the preview. */
export async function findPreview(store: Store, conversationId: ConversationId): Promise<void> {
  const found = await scan(store, { conversationId, after: '', before: LAST }, 'down', 1);
  const [row] = await rowsOf(store, found);
  if (row === undefined) await store.messagePreviews.delete(conversationId);
  else await store.messagePreviews.put(previewFrom(row, row.content));
}

/** Conversations that have messages but nothing kept about them: those of a store from before there was. */
export async function uncounted(store: Store): Promise<ConversationId[]> {
  const ids = await store.conversations.toCollection().primaryKeys();
  const previewed = new Set(await store.messagePreviews.toCollection().primaryKeys());
  const without = ids.filter((id) => !previewed.has(id));
  const counts = await Promise.all(
    without.map((id) => store.messages.where('conversationId').equals(id).limit(1).count()),
  );
  return without.filter((_, i) => (counts[i] ?? 0) > 0);
}

function previewFrom(row: MessageRow, text: string | undefined): MessagePreviewRow {
  const { conversationId, id, sortKey, status, senderId, type, isOutgoing, isDeleted, metadata } = row;
  return {
    conversationId,
    messageId: id,
    sortKey,
    status,
    message: {
      senderId,
      type,
      isOutgoing,
      isDeleted,
      ...(text !== undefined && { content: beginningOf(text) }),
      ...(metadata !== undefined && { metadata }),
    },
  };
}

/** Without half a character at the end. */
const beginningOf = (text: string): string => text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '');
