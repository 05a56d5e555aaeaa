import type { ConversationId, DeviceId, MessageId } from '../../core/ids.ts';
import type { MessageRow, MessagesArchiveRow, Store } from '../store.ts';
import { archivedAmong, blockFromOn, blockWith, messagesIn } from './archive.ts';
import { withText, wholeFrom } from './bodies.ts';
import { bodiesOf, storedFromRows } from './satellites.ts';
import { rowsOf, type Found } from './scan.ts';
import type { Place, StoredMessage, WholeMessage } from './whole.ts';

export async function messageById(store: Store, id: MessageId): Promise<MessageRow | undefined> {
  const row = await store.messages.where('id').equals(id).first();
  if (row !== undefined) return withText(row, (await bodiesOf(store, [row])).get(id));
  const archived = await archivedWith(store, id);
  return archived === undefined ? undefined : wholeFrom(archived.message).row;
}

/** The message with its reactions, receipts, changes and attachments. */
export async function wholeMessage(store: Store, id: MessageId): Promise<WholeMessage | undefined> {
  const stored = (await storedRow(store, id)) ?? (await archivedWith(store, id))?.message;
  return stored === undefined ? undefined : wholeFrom(stored);
}

/** The messages at these places, in the order asked for; `undefined` where there is none (any more). */
export async function messagesAt(store: Store, places: readonly Place[]): Promise<(MessageRow | undefined)[]> {
  const found = await foundAt(store, places);
  const rows = await rowsOf(
    store,
    found.flatMap((one) => one ?? []),
  );
  return found.map((one) => (one === undefined ? undefined : rows.shift()));
}

/** Which of the ids are messages of this device already. */
export async function knownMessages(store: Store, ids: readonly MessageId[]): Promise<Set<MessageId>> {
  const rows = await store.messages.where('id').anyOf(ids).toArray();
  return new Set([...rows.map((row) => row.id), ...(await archivedAmong(store, ids))]);
}

/** Where the newest message of a device stands in a conversation, as far as that is not packed away yet. */
export async function newestPlaceOf(
  store: Store,
  conversationId: ConversationId,
  device: DeviceId,
): Promise<string | undefined> {
  const newest = await store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, ''], [conversationId, '\uffff'])
    .reverse()
    .filter((row) => row.deviceId === device)
    .first();
  return newest?.sortKey;
}

/** A message that is a row, as it is kept. */
export async function storedRow(store: Store, id: MessageId): Promise<StoredMessage | undefined> {
  const row = await store.messages.where('id').equals(id).first();
  return row === undefined ? undefined : (await storedFromRows(store, [row]))[0];
}

/** A message in a block, with its neighbours. */
export interface Archived {
  readonly block: MessagesArchiveRow;
  readonly messages: StoredMessage[];
  readonly message: StoredMessage;
}

export async function archivedWith(store: Store, id: MessageId): Promise<Archived | undefined> {
  const block = await blockWith(store, id);
  if (block === undefined) return undefined;
  const messages = messagesIn(block);
  const message = messages.find(({ row }) => row.id === id);
  return message === undefined ? undefined : { block, messages, message };
}

/** What stands at these places, a row or in a block, in the order asked for. */
export async function foundAt(store: Store, places: readonly Place[]): Promise<(Found | undefined)[]> {
  const rows = await store.messages.bulkGet(places.map(({ conversationId, sortKey }) => [conversationId, sortKey]));
  const archiveOf = createArchiveReader(store);
  const found: (Found | undefined)[] = [];
  for (const [i, place] of places.entries()) {
    const row = rows[i];
    const archived = row === undefined ? await archiveOf(place) : undefined;
    found.push(row !== undefined ? { row } : archived && { row: archived.row, archived });
  }
  return found;
}

/** Looks for messages in blocks, and asks for each block, and for each stretch without one, once. */
function createArchiveReader(store: Store): (place: Place) => Promise<StoredMessage | undefined> {
  type Near = { readonly from: string; readonly block: Awaited<ReturnType<typeof blockFromOn>> };
  const nears = new Map<ConversationId, Near>();
  const opened = new Map<string, Map<string, StoredMessage>>();
  return async ({ conversationId, sortKey }) => {
    let near = nears.get(conversationId);
    if (near === undefined || sortKey < near.from || (near.block !== undefined && sortKey > near.block.last)) {
      near = { from: sortKey, block: await blockFromOn(store, conversationId, sortKey) };
      nears.set(conversationId, near);
    }
    if (near.block === undefined || sortKey < near.block.first) return undefined;
    const name = near.block.key.join(' ');
    let messages = opened.get(name);
    if (messages === undefined) {
      const block = await store.messagesArchive.get(near.block.key);
      messages = new Map(block === undefined ? [] : messagesIn(block).map((message) => [message.row.sortKey, message]));
      opened.set(name, messages);
    }
    return messages.get(sortKey);
  };
}
