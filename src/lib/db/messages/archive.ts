import type { ConversationId, MessageId } from '../../core/ids.ts';
import { refuseStorage } from '../faults.ts';
import type { MessagesArchiveRow, Store } from '../store.ts';
import { bytesFromMessages, messagesFromBytes } from './block.ts';
import { ID_LOOKUPS, idLookup, idOf, lookupsOf, monthOf } from './lookups.ts';
import type { StoredMessage } from './whole.ts';

/** Sorts after every sort key. */
export const LAST = '\uffff';

export type BlockKey = [ConversationId, string];

/** The messages of a block, oldest first. Refused: `locked`. */
export const messagesIn = (row: MessagesArchiveRow): StoredMessage[] =>
  (row.block as Uint8Array | undefined) === undefined
    ? refuseStorage('locked', { entity: 'messagesArchive' })
    : messagesFromBytes(row.block);

/** @param messages of one month, oldest first, at least one. */
export function blockFrom(conversationId: ConversationId, messages: readonly StoredMessage[]): MessagesArchiveRow {
  const firstSortKey = messages[0]?.row.sortKey ?? '';
  return {
    conversationId,
    month: monthOf(firstSortKey),
    count: messages.length,
    firstSortKey,
    lastSortKey: messages.at(-1)?.row.sortKey ?? '',
    lookups: lookupsOf(messages),
    block: bytesFromMessages(messages),
  };
}

/** Puts what a block now holds in its place, in blocks of their own where there is more than one. */
export async function replaceBlock(
  store: Store,
  { conversationId, firstSortKey }: MessagesArchiveRow,
  blocks: readonly (readonly StoredMessage[])[],
): Promise<void> {
  const rows = blocks.filter((messages) => messages.length > 0).map((messages) => blockFrom(conversationId, messages));
  if (rows[0]?.firstSortKey !== firstSortKey) await store.messagesArchive.delete([conversationId, firstSortKey]);
  if (rows.length > 0) await store.messagesArchive.bulkPut(rows);
}

/** The block with a message of this id. */
export async function blockWith(store: Store, id: MessageId): Promise<MessagesArchiveRow | undefined> {
  return store.messagesArchive.where('lookups').equals(idLookup(id)).first();
}

/** Which of the ids lie in blocks. */
export async function archivedAmong(store: Store, ids: readonly MessageId[]): Promise<MessageId[]> {
  const keys = await store.messagesArchive.where('lookups').anyOf(ids.map(idLookup)).keys();
  return keys.map((key) => idOf(key as string));
}

/** All messages, tombstones too, in rows and blocks. Counted by index: nothing is opened. */
export const countMessages = async (store: Store): Promise<number> =>
  (await store.messages.count()) + (await store.messagesArchive.where('lookups').startsWith(ID_LOOKUPS).count());

/** The first block that ends at or after `sortKey`, by its key: the one that holds the place, if any does. */
export async function blockFromOn(
  store: Store,
  conversationId: ConversationId,
  sortKey: string,
): Promise<{ readonly key: BlockKey; readonly first: string; readonly last: string } | undefined> {
  const ends = store.messagesArchive
    .where('[conversationId+lastSortKey]')
    .between([conversationId, sortKey], [conversationId, LAST])
    .limit(1);
  let found: { key: BlockKey; first: string; last: string } | undefined;
  await ends.eachKey((end, { primaryKey }) => {
    found = { key: primaryKey, first: primaryKey[1], last: String((end as unknown as string[])[1]) };
  });
  return found;
}
