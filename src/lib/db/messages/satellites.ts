import type { MessageId } from '../../core/ids.ts';
import type { MessageRow, Store } from '../store.ts';
import { mayHaveBody } from './bodies.ts';
import { nothingHangs, type StoredMessage } from './whole.ts';

/** The rows with all that hangs on them, and the texts that are kept apart. */
export async function storedFromRows(store: Store, rows: readonly MessageRow[]): Promise<StoredMessage[]> {
  const ids = rows.map((row) => row.id);
  const bodies = await bodiesOf(store, rows);
  const [changes, reactions, receipts, attachments] = await Promise.all([
    store.messageChanges.where('messageId').anyOf(ids).toArray(),
    store.messageReactions.where('messageId').anyOf(ids).toArray(),
    store.messageReadReceipts.where('messageId').anyOf(ids).toArray(),
    store.fileAttachments.where('messageId').anyOf(ids).toArray(),
  ]);
  const byId = new Map<MessageId, StoredMessage>();
  for (const row of rows) {
    const body = bodies.get(row.id);
    byId.set(row.id, { row, ...(body !== undefined && { body }), ...nothingHangs() });
  }
  for (const row of changes) byId.get(row.messageId)?.changes.push(row);
  for (const row of reactions) byId.get(row.messageId)?.reactions.push(row);
  for (const row of receipts) byId.get(row.messageId)?.receipts.push(row);
  for (const row of attachments) byId.get(row.messageId)?.attachments.push(row);
  return [...byId.values()];
}

/** Texts kept apart, of those rows that may have one. */
export async function bodiesOf(
  store: Store,
  rows: readonly MessageRow[],
): Promise<Map<MessageId, NonNullable<StoredMessage['body']>>> {
  const ids = rows.filter(mayHaveBody).map((row) => row.id);
  if (ids.length === 0) return new Map();
  const bodies = await store.messageContents.bulkGet(ids);
  return new Map(bodies.flatMap((body) => (body === undefined ? [] : [[body.messageId, body]])));
}

/** Puts all rows of a message. What it had before is put over, or deleted where it has gone. */
export async function putStored(store: Store, after: StoredMessage, before?: StoredMessage): Promise<void> {
  await store.messages.put(after.row);
  if (after.body !== undefined) await store.messageContents.put(after.body);
  else if (before?.body !== undefined) await store.messageContents.delete(after.row.id);
  await replace(store.messageChanges, before?.changes, after.changes, (row) => row.id);
  await replace(store.messageReactions, before?.reactions, after.reactions, ({ messageId, userId, emojiKey }) => [
    messageId,
    userId,
    emojiKey,
  ]);
  await replace(store.messageReadReceipts, before?.receipts, after.receipts, ({ messageId, userId }) => [
    messageId,
    userId,
  ]);
  await replace(store.fileAttachments, before?.attachments, after.attachments, (row) => row.id);
}

async function replace<R, K>(
  table: { bulkPut(rows: R[]): PromiseLike<unknown>; bulkDelete(keys: K[]): PromiseLike<unknown> },
  before: readonly R[] = [],
  after: readonly R[],
  keyOf: (row: R) => K,
): Promise<void> {
  const was = new Map(before.map((row) => [JSON.stringify(keyOf(row)), row]));
  for (const row of after) was.delete(JSON.stringify(keyOf(row)));
  if (was.size > 0) await table.bulkDelete([...was.values()].map(keyOf));
  if (after.length > 0) await table.bulkPut([...after]);
}
