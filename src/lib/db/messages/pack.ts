import type { ConversationId } from '../../core/ids.ts';
import type { MessagesArchiveRow, Store } from '../store.ts';
import { blockFrom, blockFromOn, messagesIn, replaceBlock, type BlockKey } from './archive.ts';
import { monthAfter, monthOf } from './lookups.ts';
import type { StoredMessage } from './whole.ts';

/** Messages in a block, at most. */
export const BLOCK = 64;
/** A block with more than this in it takes no more: it is opened whole for any of its messages. */
const BLOCK_BYTES = 256 * 1024;
/** Blocks made in one go. */
const AT_ONCE = 16;

/**
 * Puts messages into blocks, inside the caller's transaction. Blocks of a conversation never overlap: what
 * falls into one joins it, what falls between two fills up the one before, then makes new ones.
 * @param messages oldest first, settled, in no block yet.
 */
export async function pack(
  store: Store,
  conversationId: ConversationId,
  messages: readonly StoredMessage[],
): Promise<void> {
  let rest = messages;
  while (rest.length > 0) {
    const first = rest[0]?.row.sortKey ?? '';
    const near = await blockFromOn(store, conversationId, first);
    const joins = near !== undefined && near.first < first;
    const group = near === undefined ? rest : until(rest, joins ? near.last : near.first);
    const now = joins ? group : group.slice(0, BLOCK * AT_ONCE);
    if (joins) await join(store, near.key, now);
    else await append(store, conversationId, now);
    rest = rest.slice(now.length);
  }
}

const until = (messages: readonly StoredMessage[], sortKey: string): readonly StoredMessage[] => {
  const end = messages.findIndex(({ row }) => row.sortKey > sortKey);
  return end < 0 ? messages : messages.slice(0, end);
};

/** Messages that came late into the block they belong in; one that grows too large is halved. */
async function join(store: Store, key: BlockKey, messages: readonly StoredMessage[]): Promise<void> {
  const block = await store.messagesArchive.get(key);
  if (block === undefined) return;
  const all = [...messagesIn(block), ...messages].sort((a, b) => (a.row.sortKey < b.row.sortKey ? -1 : 1));
  await replaceBlock(store, block, chunks(all, 'even'));
}

async function append(store: Store, conversationId: ConversationId, messages: readonly StoredMessage[]): Promise<void> {
  const before = await openBlockBefore(store, conversationId, messages[0]?.row.sortKey ?? '');
  if (before !== undefined) await replaceBlock(store, before, chunks([...messagesIn(before), ...messages], 'full'));
  else await store.messagesArchive.bulkAdd(chunks(messages, 'full').map((some) => blockFrom(conversationId, some)));
}

/** The block before a sort key, where it is of the same month and not full. */
export async function openBlockBefore(
  store: Store,
  conversationId: ConversationId,
  sortKey: string,
): Promise<MessagesArchiveRow | undefined> {
  const before = await store.messagesArchive
    .where('[conversationId+firstSortKey]')
    .between([conversationId, ''], [conversationId, sortKey])
    .last();
  return before !== undefined && before.count < BLOCK && before.month === monthOf(sortKey) ? before : undefined;
}

/** Splits messages into what becomes a block each: of one month, not too many, not too large. */
export function chunks(messages: readonly StoredMessage[], how: 'full' | 'even'): StoredMessage[][] {
  const size = how === 'full' ? BLOCK : Math.ceil(messages.length / Math.ceil(messages.length / BLOCK));
  const made: StoredMessage[][] = [];
  let bytes = 0;
  let end = '';
  for (const message of messages) {
    const last = made.at(-1);
    const mine = bytesOf(message);
    if (last === undefined || last.length >= size || message.row.sortKey >= end || bytes + mine > BLOCK_BYTES) {
      if (message.row.sortKey >= end) end = monthAfter(message.row.sortKey);
      made.push([message]);
      bytes = mine;
    } else {
      last.push(message);
      bytes += mine;
    }
  }
  return made;
}

/** About what a message adds to a block. */
function bytesOf({ row, body, changes, reactions, receipts, attachments }: StoredMessage): number {
  const files = attachments.reduce((sum, { thumbnail }) => sum + (thumbnail?.length ?? 0), 0);
  const hanging = changes.length + reactions.length + receipts.length + attachments.length;
  return 200 + (row.content?.length ?? 0) + (body?.compressedSize ?? 0) + files + 150 * hanging;
}
