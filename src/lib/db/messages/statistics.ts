import type { AccountId, ConversationId } from '../../core/ids.ts';
import type { MessageCounterRow, Store } from '../store.ts';
import { dayOf } from './counters.ts';
import { LAST } from './archive.ts';

export interface Tally {
  readonly count: number;
  /** Of the texts, in UTF-8. */
  readonly bytes: number;
}

/** Messages that are not deleted, of all conversations or of one. Read from counters, never counted. */
export interface MessageStatistics extends Tally {
  readonly byType: ReadonlyMap<string, Tally>;
  /** The busiest first. */
  readonly bySender: readonly ({ readonly senderId: AccountId } & Tally)[];
}

export async function messageStatistics(store: Store, conversationId?: ConversationId): Promise<MessageStatistics> {
  const types = sumBy(await countersOf(store, 'type', conversationId), ({ name }) => name);
  const senders = sumBy(await countersOf(store, 'sender', conversationId), ({ name }) => name as AccountId);
  const all = [...types.values()];
  return {
    count: all.reduce((sum, tally) => sum + tally.count, 0),
    bytes: all.reduce((sum, tally) => sum + tally.bytes, 0),
    byType: types,
    bySender: [...senders].map(([senderId, tally]) => ({ senderId, ...tally })).sort((a, b) => b.count - a.count),
  };
}

/** A stretch of days in UTC, both inside. Milliseconds since the epoch. */
export interface Days {
  readonly from: number;
  readonly to: number;
}

/** How many messages were sent on each day that had any, the earliest first. */
export async function messagesByDay(
  store: Store,
  days: Days,
  conversationId?: ConversationId,
): Promise<({ readonly day: string } & Tally)[]> {
  const rows = await dayCounters(store, days);
  const wanted = rows.filter((row) => conversationId === undefined || row.conversationId === conversationId);
  return [...sumBy(wanted, ({ name }) => name)]
    .map(([day, tally]) => ({ day, ...tally }))
    .sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** Conversations by how many messages they have, or had in a stretch of days, the busiest first. */
export async function busiestConversations(
  store: Store,
  limit: number,
  days?: Days,
): Promise<({ readonly conversationId: ConversationId } & Tally)[]> {
  const rows = days === undefined ? await countersOf(store, 'type') : await dayCounters(store, days);
  return [...sumBy(rows, (row) => row.conversationId)]
    .map(([conversationId, tally]) => ({ conversationId, ...tally }))
    .sort((a, b) => b.count - a.count || (a.conversationId < b.conversationId ? -1 : 1))
    .slice(0, limit);
}

const countersOf = (
  store: Store,
  kind: MessageCounterRow['kind'],
  conversationId?: ConversationId,
): PromiseLike<MessageCounterRow[]> =>
  conversationId === undefined
    ? store.messageCounters.where('[kind+name]').between([kind, ''], [kind, LAST]).toArray()
    : store.messageCounters
        .where('[conversationId+kind+name]')
        .between([conversationId, kind, ''], [conversationId, kind, LAST])
        .toArray();

const dayCounters = (store: Store, { from, to }: Days): PromiseLike<MessageCounterRow[]> =>
  store.messageCounters
    .where('[kind+name]')
    .between(['day', dayOf(from)], ['day', dayOf(to)], true, true)
    .toArray();

function sumBy<K>(rows: readonly MessageCounterRow[], keyOf: (row: MessageCounterRow) => K): Map<K, Tally> {
  const sums = new Map<K, Tally>();
  for (const row of rows) {
    const sum = sums.get(keyOf(row)) ?? { count: 0, bytes: 0 };
    sums.set(keyOf(row), { count: sum.count + row.count, bytes: sum.bytes + row.bytes });
  }
  return sums;
}
