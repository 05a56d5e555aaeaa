import type { ConversationId } from '../../core/ids.ts';
import type { MessageRow, Store } from '../store.ts';
import { blockFromOn, LAST, messagesIn } from './archive.ts';
import { wholeFrom, withText } from './bodies.ts';
import { bodiesOf, storedFromRows } from './satellites.ts';
import type { StoredMessage, WholeMessage } from './whole.ts';

/** A message as it was found: a row with what hangs on it elsewhere, or all of it in a block. */
export type Found =
  | { readonly row: MessageRow; readonly archived?: undefined }
  | { readonly row: MessageRow; readonly archived: StoredMessage };

/** Places between two sort keys, both of them outside. */
export interface Span {
  readonly conversationId: ConversationId;
  readonly after: string;
  readonly before: string;
}

export type Direction = 'up' | 'down';

/**
 * Messages of a span in the order of their sort keys, from the old end `up` or from the new end `down`, at
 * most `limit`: rows and blocks merged, because a message that came late may be a row between blocks.
 */
export async function scan(store: Store, span: Span, direction: Direction, limit: number): Promise<Found[]> {
  const { conversationId, after, before } = span;
  const range = store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, after], [conversationId, before], false, false);
  // Asked at the same time: for the newest page one answer tells that no block has to be looked for.
  const [rows, [end]] = await Promise.all([
    (direction === 'up' ? range : range.reverse()).limit(limit).toArray(),
    store.messagesArchive
      .where('[conversationId+lastSortKey]')
      .between([conversationId, ''], [conversationId, LAST])
      .reverse()
      .limit(1)
      .keys(),
  ]);
  const farthest = rows.length === limit ? rows.at(-1)?.sortKey : undefined;
  // Nothing beyond the last row is wanted, so most pages open no block.
  const within = direction === 'up' ? { ...span, before: farthest ?? before } : { ...span, after: farthest ?? after };
  const found: Found[] = rows.map((row) => ({ row }));
  const lastArchived = (end as readonly string[] | undefined)?.[1];
  if (lastArchived === undefined || lastArchived <= within.after) return found;
  const archived = await scanBlocks(store, within, direction, limit);
  if (archived.length === 0) return found;
  return [...found, ...archived].sort(inOrder(direction)).slice(0, limit);
}

/** Oldest or newest first. */
export const inOrder =
  (direction: Direction) =>
  (a: Found, b: Found): number =>
    (a.row.sortKey < b.row.sortKey ? -1 : a.row.sortKey > b.row.sortKey ? 1 : 0) * (direction === 'up' ? 1 : -1);

/** What {@link scan} found, with texts. */
export async function rowsOf(store: Store, found: readonly Found[]): Promise<MessageRow[]> {
  const bodies = await bodiesOf(
    store,
    found.filter(({ archived }) => archived === undefined).map(({ row }) => row),
  );
  return found.map(({ row, archived }) => withText(row, archived === undefined ? bodies.get(row.id) : archived.body));
}

/** What {@link scan} found, with texts and all that hangs on the messages. */
export async function wholesOf(store: Store, found: readonly Found[]): Promise<WholeMessage[]> {
  const rows = found.filter(({ archived }) => archived === undefined).map(({ row }) => row);
  const stored = new Map((await storedFromRows(store, rows)).map((message) => [message.row.id, message]));
  return found.flatMap(({ row, archived }) => {
    const message = archived ?? stored.get(row.id);
    return message === undefined ? [] : [wholeFrom(message)];
  });
}

/** Blocks of a conversation don't overlap, so they are read one after the other until there is enough. */
async function scanBlocks(store: Store, span: Span, direction: Direction, limit: number): Promise<Found[]> {
  const { conversationId, after, before } = span;
  const nearest = await blockFromOn(store, conversationId, after);
  if (nearest === undefined || nearest.first >= before) return [];
  const found: Found[] = [];
  let from = direction === 'up' ? after : before;
  for (;;) {
    const blocks =
      direction === 'up'
        ? store.messagesArchive
            .where('[conversationId+lastSortKey]')
            .between([conversationId, from], [conversationId, LAST], false)
        : store.messagesArchive
            .where('[conversationId+firstSortKey]')
            .between([conversationId, ''], [conversationId, from], true, false)
            .reverse();
    const read = await blocks.limit(AT_ONCE).toArray();
    for (const block of read) {
      if (direction === 'up' ? block.firstSortKey >= before : block.lastSortKey <= after) return found.slice(0, limit);
      const inside = messagesIn(block).filter(({ row }) => row.sortKey > after && row.sortKey < before);
      if (direction === 'down') inside.reverse();
      for (const archived of inside) found.push({ row: archived.row, archived });
      from = direction === 'up' ? block.lastSortKey : block.firstSortKey;
      if (found.length >= limit) return found.slice(0, limit);
    }
    if (read.length < AT_ONCE) return found;
  }
}

/** Blocks in one request: a page of 50 lies in two as often as in one. */
const AT_ONCE = 2;
