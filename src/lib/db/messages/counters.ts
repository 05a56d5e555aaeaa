import type { ConversationId } from '../../core/ids.ts';
import type { MessageCounterRow, Store } from '../store.ts';
import { textBytes } from './bodies.ts';
import type { MessageChange, StoredMessage } from './whole.ts';

/** Counts messages in and out, in the caller's transaction: by type, by sender, by day. */
export async function count(
  store: Store,
  conversationId: ConversationId,
  changes: readonly MessageChange[],
): Promise<void> {
  const moved = countersIn(deltasOf(conversationId, changes)).filter(({ count, bytes }) => count !== 0 || bytes !== 0);
  if (moved.length === 0) return;
  const known = await store.messageCounters.bulkGet(moved.map(({ kind, name }) => [conversationId, kind, name]));
  const rows = moved.map((delta, i) => ({
    ...delta,
    count: delta.count + (known[i]?.count ?? 0),
    bytes: delta.bytes + (known[i]?.bytes ?? 0),
  }));
  const [left, gone] = [rows.filter((row) => row.count > 0), rows.filter((row) => row.count <= 0)];
  if (left.length > 0) await store.messageCounters.bulkPut(left);
  if (gone.length > 0) {
    await store.messageCounters.bulkDelete(gone.map(({ kind, name }) => [conversationId, kind, name]));
  }
}

/** Counters by kind and name. */
export type Counters = Readonly<Record<MessageCounterRow['kind'], Map<string, MessageCounterRow>>>;

export const noCounters = (): Counters => ({ type: new Map(), sender: new Map(), day: new Map() });

export const countersIn = ({ type, sender, day }: Counters): MessageCounterRow[] => [
  ...type.values(),
  ...sender.values(),
  ...day.values(),
];

/** What messages that came, changed or went add to the counters. */
export function deltasOf(
  conversationId: ConversationId,
  changes: readonly MessageChange[],
  deltas = noCounters(),
): Counters {
  const move = (kind: MessageCounterRow['kind'], name: string, count: number, bytes: number): void => {
    const delta = deltas[kind].get(name);
    if (delta === undefined) deltas[kind].set(name, { conversationId, kind, name, count, bytes });
    else {
      delta.count += count;
      delta.bytes += bytes;
    }
  };
  // Neighbours are mostly of one day.
  let [day, dayName] = [Number.NaN, ''];
  const add = (message: StoredMessage | undefined, sign: 1 | -1): void => {
    if (message === undefined || message.row.isDeleted) return;
    const { type, senderId, timestamp } = message.row;
    const bytes = sign * textBytes(message);
    if (Math.floor(timestamp / DAY_MS) !== day) [day, dayName] = [Math.floor(timestamp / DAY_MS), dayOf(timestamp)];
    move('type', type, sign, bytes);
    move('sender', senderId, sign, bytes);
    move('day', dayName, sign, bytes);
  };
  for (const { before, after } of changes) {
    add(before, -1);
    add(after, 1);
  }
  return deltas;
}

const DAY_MS = 86_400_000;

/** The day in UTC: `YYYY-MM-DD`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
