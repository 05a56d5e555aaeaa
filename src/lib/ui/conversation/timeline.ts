import type { MessageItem } from '../../services/client.ts';
import { daysBetween } from '../times.ts';

/** One row of a conversation, top to bottom. `key` is stable, so that rows keep their place while others come. */
export type TimelineRow =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: string }
  | { readonly kind: 'notice'; readonly key: string; readonly message: MessageItem }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: MessageItem;
      /** First and last of a run by one sender: where the name and the tail go. */
      readonly starts: boolean;
      readonly ends: boolean;
    };

/** When a message was written, by its sort key; 0 for an empty one. */
export const timeOfSortKey = (sortKey: string): number => Number.parseInt(sortKey.slice(0, 12) || '0', 16);

/** A pause after which the same sender begins a new run. */
const RUN_PAUSE_MS = 5 * 60_000;

/**
 * Rows for messages in their order: days divided, runs of one sender grouped, and one line before the first
 * message of others that came after `lastRead`.
 * @param lastRead sort key, or `undefined` to draw no such line
 * @param late sort key of the first of them, where it came so late that it stands before `lastRead`
 * @param hasOlder there are messages before these: no line above the first, since others may be unread before it
 */
export function timelineOf(
  messages: readonly MessageItem[],
  lastRead: string | undefined,
  late?: string,
  hasOlder = false,
): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const firstUnread =
    lastRead === undefined
      ? undefined
      : messages.find(
          (item) =>
            !item.isOutgoing &&
            item.type !== 'system' &&
            (late === undefined ? item.sortKey > lastRead : item.sortKey >= late),
        );

  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const after = messages[index + 1];
    if (before === undefined || daysBetween(before.at, message.at) !== 0) {
      rows.push({ kind: 'day', key: `day-${message.id}`, at: message.at });
    }
    if (message === firstUnread && !(index === 0 && hasOlder)) rows.push({ kind: 'unread', key: 'unread' });
    if (message.type === 'system') {
      rows.push({ kind: 'notice', key: message.id, message });
      return;
    }
    rows.push({
      kind: 'message',
      key: message.id,
      message,
      starts: before === undefined || message === firstUnread || !isSameRun(before, message),
      ends: after === undefined || after === firstUnread || !isSameRun(message, after),
    });
  });
  return rows;
}

function isSameRun(first: MessageItem, second: MessageItem): boolean {
  return (
    first.sender === second.sender &&
    first.type !== 'system' &&
    second.type !== 'system' &&
    Math.abs(second.at - first.at) < RUN_PAUSE_MS &&
    daysBetween(first.at, second.at) === 0
  );
}
