import type { ConversationId } from '../../core/ids.ts';
import type { MessageRow, Store } from '../store.ts';
import { LAST } from './archive.ts';
import { rowsOf, scan, wholesOf, type Direction, type Found } from './scan.ts';
import type { WholeMessage } from './whole.ts';

/** Where a page stands. Cursors are sort keys, and outside of it. */
export interface Cursor {
  /** Only what stands before this sort key; without, and without `after`, the newest. */
  readonly before?: string | undefined;
  /** Only what stands after this sort key. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface PageQuery extends Cursor {
  readonly conversationId: ConversationId;
}

export interface Page<M = MessageRow> {
  /** Oldest first. */
  readonly rows: M[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/**
 * The messages next to a cursor: those just before `before`, else those just after `after`, else the
 * newest. With both, the newest of those between.
 */
export async function pageOf(store: Store, query: PageQuery): Promise<Page> {
  const page = await turn(query, inConversation(store, query.conversationId));
  return { ...page, rows: await rowsOf(store, page.rows) };
}

/** {@link pageOf} with all that hangs on the messages. */
export async function wholePageOf(store: Store, query: PageQuery): Promise<Page<WholeMessage>> {
  const page = await turn(query, inConversation(store, query.conversationId));
  return { ...page, rows: await wholesOf(store, page.rows) };
}

/** Messages in the order of their sort keys, of a conversation or of whatever else they have in common. */
export interface Order {
  /** Those between two sort keys, both outside, nearest first in the direction. */
  between(after: string, before: string, direction: Direction, limit: number): Promise<Found[]>;
  /** Whether any stands at a sort key or beyond it. */
  isAny(direction: Direction, from: string): Promise<boolean>;
}

/** One page of any order. */
export async function turn({ before, after, limit }: Cursor, order: Order): Promise<Page<Found>> {
  const upwards = after !== undefined && before === undefined;
  const [low, high] = [after ?? '', before ?? LAST];
  const found = low < high ? await order.between(low, high, upwards ? 'up' : 'down', limit + 1) : [];
  const more = found.length > limit;
  const rows = found.slice(0, limit);
  if (!upwards) rows.reverse();
  return {
    rows,
    hasOlder: (!upwards && more) || (after !== undefined && (await order.isAny('down', after))),
    hasNewer: (upwards && more) || (before !== undefined && (await order.isAny('up', before))),
  };
}

/** The messages of a conversation. */
export const inConversation = (store: Store, conversationId: ConversationId): Order => ({
  between: (after, before, direction, limit) => scan(store, { conversationId, after, before }, direction, limit),
  async isAny(direction, from) {
    const [lower, upper] = direction === 'up' ? [from, LAST] : ['', from];
    const range = [[conversationId, lower], [conversationId, upper], true, true] as const;
    const rows = store.messages.where('[conversationId+sortKey]').between(...range);
    if ((await rows.limit(1).primaryKeys()).length > 0) return true;
    const ends = direction === 'up' ? '[conversationId+lastSortKey]' : '[conversationId+firstSortKey]';
    const blocks = store.messagesArchive.where(ends).between(...range);
    return (await blocks.limit(1).primaryKeys()).length > 0;
  },
});
