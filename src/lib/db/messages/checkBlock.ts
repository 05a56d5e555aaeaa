import { faultOf } from '../../core/result.ts';
import { queueForSearch } from '../search/queue.ts';
import type { MessagesArchiveRow, Store } from '../store.ts';
import { blockFrom, messagesIn, replaceBlock } from './archive.ts';
import { checkStored } from './check.ts';
import { monthOf } from './lookups.ts';
import { recount } from './recount.ts';
import { placeOf, type StoredMessage } from './whole.ts';

/** Columns of a block that are made from what lies in it. */
const DERIVED = ['month', 'count', 'firstSortKey', 'lastSortKey', 'lookups'] as const;

/**
 * Looks into a block that opens: every message is one that its tables would take, in order, of one month and
 * of this conversation, and the columns say what is in it.
 * @returns the column that is wrong, `block` for what lies in it.
 */
export function faultInBlock(block: MessagesArchiveRow): string | undefined {
  const messages = readable(block);
  const sound = soundOf(block, messages ?? []);
  if (messages === undefined || sound.length === 0 || sound.length < messages.length) return 'block';
  if (new Set(sound.map(({ row }) => monthOf(row.sortKey))).size > 1) return 'block';
  const right = blockFrom(block.conversationId, sound);
  return DERIVED.find((column) => JSON.stringify(block[column]) !== JSON.stringify(right[column]));
}

/**
 * Writes a block anew from those of its messages that are sound, inside the caller's transaction, and counts
 * its conversation anew. @returns how many messages are lost, `undefined` where none is sound.
 */
export async function mendBlock(store: Store, block: MessagesArchiveRow): Promise<number | undefined> {
  const messages = readable(block) ?? [];
  const sound = soundOf(block, messages);
  if (sound.length === 0) return undefined;
  const months = Map.groupBy(sound, ({ row }) => monthOf(row.sortKey));
  await replaceBlock(store, block, [...months.values()]);
  await queueForSearch(
    store,
    messages.filter(({ row }) => row.conversationId === block.conversationId).map(({ row }) => placeOf(row)),
  );
  await recount(store, block.conversationId);
  return messages.length - sound.length;
}

/** Its bytes are authentic, so what can't be read was never written as it should be. */
function readable(block: MessagesArchiveRow): StoredMessage[] | undefined {
  try {
    return messagesIn(block);
  } catch {
    return undefined;
  }
}

/** Those that may stand where they stand. */
function soundOf({ conversationId }: MessagesArchiveRow, messages: readonly StoredMessage[]): StoredMessage[] {
  let last = '';
  return messages.filter((message) => {
    const { row } = message;
    if (row.conversationId !== conversationId || !isValid(message) || row.sortKey <= last) return false;
    last = row.sortKey;
    return true;
  });
}

function isValid(message: StoredMessage): boolean {
  try {
    checkStored(message);
    return true;
  } catch (thrown) {
    if (faultOf(thrown) === undefined) throw thrown;
    return false;
  }
}
