import type { Collection } from 'dexie';
import type { AccountId, ConversationId, MessageId } from '../../core/ids.ts';
import type { Key, MessageRow, Store } from '../store.ts';
import { LAST, messagesIn, type BlockKey } from './archive.ts';
import {
  beginningWith,
  boundsOf,
  monthAfter,
  monthStart,
  senderSpan,
  stampIn,
  threadSpan,
  timeKey,
} from './lookups.ts';
import { inConversation, turn, type Cursor, type Order, type Page } from './pages.ts';
import { inOrder, rowsOf, type Direction, type Found } from './scan.ts';

/** All messages of a person, in whichever conversation. */
export const pageBySender = (store: Store, senderId: AccountId, cursor: Cursor): Promise<Page> =>
  page(store, cursor, {
    span: senderSpan(senderId),
    has: (row) => row.senderId === senderId,
    rows: (from, to, inclusive) =>
      store.messages.where('[senderId+sortKey]').between([senderId, from], [senderId, to], inclusive, inclusive),
  });

/** The answers in a thread, without its head. */
export const pageOfThread = (
  store: Store,
  conversationId: ConversationId,
  parent: MessageId,
  cursor: Cursor,
): Promise<Page> =>
  page(store, cursor, {
    span: threadSpan(parent),
    has: (row) => row.parentMessageId === parent,
    rows: (from, to, inclusive) =>
      store.messages
        .where('[conversationId+parentMessageId+sortKey]')
        .between([conversationId, parent, from], [conversationId, parent, to], inclusive, inclusive),
  });

/**
 * The messages of a conversation that were sent in a stretch of time, from its new end without a cursor.
 * @param time milliseconds since the epoch, UTC; `to` is outside. Whether there are older and newer ones is told
 * of the stretch, too.
 */
export async function pageInTime(
  store: Store,
  conversationId: ConversationId,
  time: { readonly from: number; readonly to: number },
  cursor: Cursor,
): Promise<Page> {
  const whole = inConversation(store, conversationId);
  const [start, end] = [timeKey(time.from), timeKey(time.to)];
  const between: Order['between'] = (after, before, direction, limit) =>
    whole.between(after > start ? after : start, before < end ? before : end, direction, limit);
  const isAny: Order['isAny'] = async (direction, from) =>
    (await (direction === 'up' ? between(justBefore(from), LAST, 'up', 1) : between('', `${from}\0`, 'down', 1)))
      .length > 0;
  const page = await turn(cursor, { between, isAny });
  return { ...page, rows: await rowsOf(store, page.rows) };
}

/** Sorts before a sort key and after all that do. */
const justBefore = (sortKey: string): string =>
  sortKey === '' ? '' : sortKey.slice(0, -1) + String.fromCharCode(sortKey.charCodeAt(sortKey.length - 1) - 1) + LAST;

/** What makes messages belong together: rows by an index, blocks by a span of lookups. */
interface Kind {
  readonly span: string;
  has(row: MessageRow): boolean;
  rows(from: string, to: string, inclusive: boolean): Collection<MessageRow, Key<'messages'>>;
}

async function page(store: Store, cursor: Cursor, kind: Kind): Promise<Page> {
  const turned = await turn(cursor, orderOf(store, kind));
  return { ...turned, rows: await rowsOf(store, turned.rows) };
}

const orderOf = (store: Store, kind: Kind): Order => ({
  async between(after, before, direction, limit) {
    const range = kind.rows(after, before, false);
    const rows = await (direction === 'up' ? range : range.reverse()).limit(limit).toArray();
    const found: Found[] = rows.map((row) => ({ row }));
    return addArchived(store, kind, found, { after, before, direction, limit });
  },
  async isAny(direction, from) {
    const rows = direction === 'up' ? kind.rows(from, LAST, true) : kind.rows('', from, true);
    if ((await rows.limit(1).primaryKeys()).length > 0) return true;
    const stamp = stampIn(from);
    if (direction === 'down') {
      const same = beginningWith(kind.span, stamp);
      const earlier = store.messagesArchive.where('lookups').between(kind.span, same.from).limit(1);
      if ((await earlier.primaryKeys()).length > 0) return true;
      const keys = await store.messagesArchive.where('lookups').between(same.from, same.to).primaryKeys();
      return isAnyIn(store, keys, (row) => kind.has(row) && row.sortKey <= from);
    }
    // What begins in an earlier month has ended by then.
    const spans = await spansIn(store, kind.span, monthStart(from), LAST);
    if (spans.some(({ last }) => last > stamp + LAST)) return true;
    const same = spans.filter(({ last }) => last === stamp + LAST).map(({ key }) => key);
    return isAnyIn(store, same, (row) => kind.has(row) && row.sortKey >= from);
  },
});

/** Of spans whose stamps leave it open. */
async function isAnyIn(store: Store, keys: readonly BlockKey[], is: (row: MessageRow) => boolean): Promise<boolean> {
  const blocks = await store.messagesArchive.bulkGet([...keys]);
  return blocks.some((block) => block !== undefined && messagesIn(block).some(({ row }) => is(row)));
}

interface Wanted {
  readonly after: string;
  readonly before: string;
  readonly direction: Direction;
  readonly limit: number;
}

/**
 * Adds what lies in blocks, month by month: blocks of different conversations overlap, but none reaches
 * beyond its month, so no month has to be looked at before there is too little from the ones nearer.
 */
async function addArchived(store: Store, kind: Kind, rows: readonly Found[], wanted: Wanted): Promise<Found[]> {
  const { after, before, direction, limit } = wanted;
  const up = direction === 'up';
  let found = [...rows];
  let edge = up ? after : before;
  for (;;) {
    const month = await nearestMonth(store, kind.span, direction, edge);
    if (month === undefined) return found;
    const spans = (await spansIn(store, kind.span, month.start, month.end)).filter(
      ({ first, last }) => last > after && first < before,
    );
    spans.sort((a, b) => (up ? (a.first < b.first ? -1 : 1) : a.last > b.last ? -1 : 1));
    for (const span of spans) {
      const farthest = found.length >= limit ? found[limit - 1]?.row.sortKey : undefined;
      if (farthest !== undefined && (up ? span.first > farthest : span.last < farthest)) return found.slice(0, limit);
      const block = await store.messagesArchive.get(span.key);
      for (const archived of block === undefined ? [] : messagesIn(block)) {
        const { row } = archived;
        if (kind.has(row) && row.sortKey > after && row.sortKey < before) found.push({ row, archived });
      }
      found = found.sort(inOrder(direction)).slice(0, limit);
    }
    edge = up ? month.end : month.start;
    const farthest = found.length >= limit ? found[limit - 1]?.row.sortKey : undefined;
    if (farthest !== undefined && (up ? farthest < edge : farthest >= edge)) return found;
  }
}

/** The month, in sort keys, of the next span that begins beyond `edge`, or that `edge` is inside of. */
async function nearestMonth(
  store: Store,
  span: string,
  direction: Direction,
  edge: string,
): Promise<{ start: string; end: string } | undefined> {
  const lookups = store.messagesArchive.where('lookups');
  const [lookup] =
    direction === 'up'
      ? await lookups
          .between(span + monthStart(edge), span + LAST, true, false)
          .limit(1)
          .keys()
      : await lookups
          .between(span, span + edge, true, false)
          .reverse()
          .limit(1)
          .keys();
  if (lookup === undefined) return undefined;
  const start = monthStart(boundsOf(span, lookup as string).first);
  return { start, end: monthAfter(start) };
}

/**
 * Where spans begin at the earliest and end at the latest, of those that begin between two sort keys, and their
 * blocks.
 */
async function spansIn(
  store: Store,
  span: string,
  from: string,
  to: string,
): Promise<{ first: string; last: string; key: BlockKey }[]> {
  const spans: { first: string; last: string; key: BlockKey }[] = [];
  await store.messagesArchive
    .where('lookups')
    .between(span + from, span + to, true, true)
    .eachKey((lookup, { primaryKey }) => {
      const { first, last } = boundsOf(span, lookup as string);
      spans.push({ first, last: last + LAST, key: primaryKey });
    });
  return spans;
}
