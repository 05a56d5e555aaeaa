import { describe, expect, it } from 'vitest';
import type { AccountId, MessageId } from '../../src/lib/core/ids.ts';
import type { MessageItem } from '../../src/lib/services/client.ts';
import { keptRows } from '../../src/lib/ui/conversation/keptRows.ts';
import { timelineOf, timeOfSortKey } from '../../src/lib/ui/conversation/timeline.ts';

const noon = new Date(2026, 4, 10, 12).getTime();
const minute = 60_000;

const message = (id: string, sender: string, at: number, more: Partial<MessageItem> = {}): MessageItem => ({
  id: id as MessageId,
  sortKey: String(at),
  sender: sender as AccountId,
  senderName: sender,
  isOutgoing: sender === 'me',
  type: 'text',
  text: id,
  at,
  ...more,
});

const shapeOf = (rows: ReturnType<typeof timelineOf>): string[] =>
  rows.map((row) => {
    if (row.kind !== 'message') return row.kind;
    return `${row.starts ? '[' : ''}${row.message.id}${row.ends ? ']' : ''}`;
  });

describe('the rows of a conversation', () => {
  it('groups what one person says within a few minutes', () => {
    const rows = timelineOf(
      [
        message('a', 'ana', noon),
        message('b', 'ana', noon + minute),
        message('c', 'bo', noon + 2 * minute),
        message('d', 'bo', noon + 20 * minute),
      ],
      undefined,
    );
    expect(shapeOf(rows)).toEqual(['day', '[a', 'b]', '[c]', '[d]']);
  });

  it('divides days, and a run never crosses midnight', () => {
    const late = new Date(2026, 4, 10, 23, 59).getTime();
    const rows = timelineOf([message('a', 'ana', late), message('b', 'ana', late + 2 * minute)], undefined);
    expect(shapeOf(rows)).toEqual(['day', '[a]', 'day', '[b]']);
  });

  it('puts no line above the first message that is loaded: there may be unread ones before it', () => {
    const messages = [message('new', 'ana', noon), message('newer', 'ana', noon + minute)];
    expect(shapeOf(timelineOf(messages, '', undefined, true))).toEqual(['day', '[new', 'newer]']);
    expect(shapeOf(timelineOf(messages, '', undefined, false))).toEqual(['day', 'unread', '[new', 'newer]']);
    expect(shapeOf(timelineOf(messages, String(noon), undefined, true))).toEqual(['day', '[new]', 'unread', '[newer]']);
  });

  it('puts the line before the first unread message of others, not before own ones or system lines', () => {
    const rows = timelineOf(
      [
        message('read', 'ana', noon),
        message('own', 'me', noon + minute),
        message('joined', 'bo', noon + 2 * minute, { type: 'system' }),
        message('new', 'ana', noon + 3 * minute),
        message('newer', 'ana', noon + 4 * minute),
      ],
      String(noon),
    );
    expect(shapeOf(rows)).toEqual(['day', '[read]', '[own]', 'notice', 'unread', '[new', 'newer]']);
  });

  it('breaks a run at the line, so that the name is said again', () => {
    const rows = timelineOf([message('old', 'ana', noon), message('new', 'ana', noon + minute)], String(noon));
    expect(shapeOf(rows)).toEqual(['day', '[old]', 'unread', '[new]']);
  });

  it('keeps every key different, so that rows keep their place', () => {
    const rows = timelineOf(
      Array.from({ length: 50 }, (_, at) => message(`m${at}`, 'ana', noon + at * 3600_000)),
      '0',
    );
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });
});

describe('rows that are drawn again', () => {
  const first = [message('a', 'ana', noon), message('b', 'me', noon + minute, { state: 'queued' })];

  it('keeps the object of every row that did not change', () => {
    const before = timelineOf(first, undefined);
    const after = keptRows(before, timelineOf(structuredClone(first), undefined));
    after.forEach((row, at) => expect(row).toBe(before[at]));
  });

  it('takes the new one when the state, the text or the place in a run changed', () => {
    const before = timelineOf(first, undefined);
    const sent = keptRows(before, timelineOf([...first.slice(0, 1), message('b', 'me', noon + minute)], undefined));
    expect(sent[1]).toBe(before[1]);
    expect(sent[2]).not.toBe(before[2]);
    const more = keptRows(before, timelineOf([...first, message('c', 'me', noon + minute)], undefined));
    expect(more[2]).toMatchObject({ starts: true, ends: false });
  });
});

describe('a sort key', () => {
  it('says when its message was written', () => {
    expect(timeOfSortKey(`${noon.toString(16).padStart(12, '0')}0003abcd`)).toBe(noon);
    expect(timeOfSortKey('')).toBe(0);
  });
});
