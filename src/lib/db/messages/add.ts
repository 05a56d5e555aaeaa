import type { ConversationId, MessageId } from '../../core/ids.ts';
import { refuseStorage } from '../faults.ts';
import type { FileAttachmentRow, MessageRow, Store } from '../store.ts';
import { archivedAmong } from './archive.ts';
import { storedFrom } from './bodies.ts';
import { foundAt } from './find.ts';
import { note } from './ledger.ts';
import { nothingHangs, placeOf, type Satellites, type StoredMessage } from './whole.ts';

/**
 * Adds a message with what hangs on it inside the caller's transaction.
 * Refused: `duplicate`, `validation`, `constraint` (no such conversation, text too long).
 */
export async function addMessage(store: Store, row: MessageRow, hanging: Partial<Satellites> = {}): Promise<void> {
  const archived = await archivedAmong(store, [row.id]);
  if (archived.length > 0) refuseStorage('duplicate', { entity: 'messages', field: 'id' });
  const stored = storedFrom({ ...nothingHangs(), ...hanging, row });
  await addRows(store, [stored]);
  await note(store, row.conversationId, [{ after: stored }]);
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
  attachments: ReadonlyMap<MessageId, readonly FileAttachmentRow[]> = new Map(),
): Promise<MessageId[]> {
  if (messages.length === 0) return [];
  const stored = await inFreePlaces(
    store,
    messages.map((row) => storedFrom({ ...nothingHangs(), attachments: [...(attachments.get(row.id) ?? [])], row })),
  );
  await addRows(store, stored);
  await note(
    store,
    conversationId,
    stored.map((after) => ({ after })),
  );
  return stored.map(({ row }) => row.id);
}

/** Two messages can't stand at the same place: the later one goes right behind. */
export async function inFreePlaces(store: Store, messages: readonly StoredMessage[]): Promise<StoredMessage[]> {
  const taken = await foundAt(
    store,
    messages.map(({ row }) => placeOf(row)),
  );
  const seen = new Set(taken.flatMap((found) => (found === undefined ? [] : [found.row.sortKey])));
  return messages.map((message) => {
    const { id, sortKey: wanted } = message.row;
    const sortKey = seen.has(wanted) ? `${wanted}+${id}` : wanted;
    seen.add(sortKey);
    return sortKey === wanted ? message : { ...message, row: { ...message.row, sortKey } };
  });
}

/** Adds new messages as rows, with what hangs on them. */
export async function addRows(store: Store, messages: readonly StoredMessage[]): Promise<void> {
  await store.messages.bulkAdd(messages.map(({ row }) => row));
  await addAll(
    store.messageContents,
    messages.flatMap(({ body }) => body ?? []),
  );
  await addAll(
    store.messageChanges,
    messages.flatMap(({ changes }) => changes),
  );
  await addAll(
    store.messageReactions,
    messages.flatMap(({ reactions }) => reactions),
  );
  await addAll(
    store.messageReadReceipts,
    messages.flatMap(({ receipts }) => receipts),
  );
  await addAll(
    store.fileAttachments,
    messages.flatMap(({ attachments }) => attachments),
  );
}

async function addAll<R>(table: { bulkAdd(rows: R[]): PromiseLike<unknown> }, rows: R[]): Promise<void> {
  if (rows.length > 0) await table.bulkAdd(rows);
}
