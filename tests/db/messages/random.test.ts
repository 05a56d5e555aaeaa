import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MessageId } from '../../../src/lib/core/ids.ts';
import { addMessage, addReceived } from '../../../src/lib/db/messages/add.ts';
import { alterMessage } from '../../../src/lib/db/messages/alter.ts';
import { messagesIn } from '../../../src/lib/db/messages/archive.ts';
import { compactStep } from '../../../src/lib/db/messages/compact.ts';
import { knownMessages, messagesAt, wholeMessage } from '../../../src/lib/db/messages/find.ts';
import { importMessages } from '../../../src/lib/db/messages/importMessages.ts';
import { pageBySender, pageOfThread } from '../../../src/lib/db/messages/orders.ts';
import { pageOf, wholePageOf, type Cursor, type Page } from '../../../src/lib/db/messages/pages.ts';
import { listPreviews } from '../../../src/lib/db/messages/previews.ts';
import { countUnread, markReadUpTo, unreadBehind } from '../../../src/lib/db/messages/readState.ts';
import { deleteMessage } from '../../../src/lib/db/messages/remove.ts';
import { messagesByDay, messageStatistics } from '../../../src/lib/db/messages/statistics.ts';
import { messageTables, nothingHangs, type WholeMessage } from '../../../src/lib/db/messages/whole.ts';
import type { MessageRow, Store } from '../../../src/lib/db/store.ts';
import { unlockedStore } from '../disks.ts';
import { account, conversation, meetAna, message, messageRow, NOW } from '../fixtures.ts';

/**
 * Random days of one conversation against a plain list. The tail is as long as it is; to have blocks early,
 * what is compacted is everything. Not asserted: how blocks are cut, beyond their rules.
 */
const id = conversation('ana');
const DAY = 86_400_000;
const SENDERS = ['ana', 'bo', 'cy'];

/** Orders spread over three months, with neighbours; every second one is of another device at the same moment. */
const order = fc.integer({ min: 0, max: 240 });
const timeOf = (at: number) => NOW + Math.floor(at / 2) * 2 * (DAY / 3);
const keyOf = (at: number) =>
  `${timeOf(at).toString(16).padStart(12, '0')}0000-${at % 2 === 0 ? 'device' : 'one-more'}`;

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('add' as const),
      at: order,
      sender: fc.nat(2),
      thread: fc.boolean(),
      waits: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('import' as const), from: order, count: fc.integer({ min: 1, max: 90 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('receive' as const),
      from: order,
      count: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('edit' as const), which: fc.nat(), text: fc.string({ maxLength: 9 }) }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('react' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('delete' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('erase' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('expire' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('read' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('compact' as const), keep: fc.nat(20) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never;

it('a conversation of rows and blocks is what a plain list of messages is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 4, maxLength: 14 }), fc.nat(), async (operations, seed) => {
      const store = await unlockedStore();
      await meetAna(store);
      const model = new Map<MessageId, WholeMessage>();
      const state: State = { next: 0, lastRead: '', behind: new Set() };
      for (const one of operations) await run(store, model, state, one);
      await compare(store, model, state, seed);
      store.close();
    }),
    { numRuns: 25, ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
  );
}, 120_000);

interface State {
  next: number;
  lastRead: string;
  /** Unread, though what follows them was read before they came. */
  readonly behind: Set<MessageId>;
}

async function run(
  store: Store,
  model: Map<MessageId, WholeMessage>,
  state: State,
  operation: Operation,
): Promise<void> {
  const fresh = (at: number, more: Partial<MessageRow> = {}): MessageRow =>
    messageRow('ana', `m${state.next++}`, 0, { sortKey: keyOf(at), timestamp: timeOf(at), ...more });
  const isTaken = (sortKey: string) => [...model.values()].some(({ row }) => row.sortKey === sortKey);
  const picked = (which: number) => sorted(model)[which % Math.max(model.size, 1)];
  const remember = (row: MessageRow) => model.set(row.id, { ...nothingHangs(), row });
  const arrive = (row: MessageRow) => {
    remember(row);
    if (row.sortKey <= state.lastRead) state.behind.add(row.id);
  };
  const alter = async (which: number, change: (whole: WholeMessage) => WholeMessage | undefined) => {
    const whole = picked(which);
    if (whole === undefined) return;
    const after = await store.tx('rw', messageTables, () => alterMessage(store, whole.row.id, change));
    const expected = change(structuredClone(whole));
    expect(after).toEqual(expected);
    if (expected === undefined) model.delete(whole.row.id);
    else model.set(whole.row.id, expected);
  };
  switch (operation.what) {
    case 'add': {
      if (isTaken(keyOf(operation.at))) return;
      const row = fresh(operation.at, {
        senderId: account(SENDERS[operation.sender] ?? ''),
        ...(operation.thread && { parentMessageId: message('head') }),
        ...(operation.waits && { status: 'queued', isOutgoing: true }),
      });
      await store.tx('rw', messageTables, () => addMessage(store, row));
      arrive(row);
      return;
    }
    case 'import': {
      const rows = Array.from({ length: operation.count }, (_, i) =>
        fresh(operation.from + i, { isOutgoing: i % 2 === 0 }),
      ).filter((row) => !isTaken(row.sortKey));
      const count = await importMessages(
        store,
        id,
        rows.map((row) => ({ ...nothingHangs(), row })),
      );
      expect(count).toBe(rows.length);
      // Once more, as after a kill.
      expect(
        await importMessages(
          store,
          id,
          rows.map((row) => ({ ...nothingHangs(), row })),
        ),
      ).toBe(0);
      rows.forEach(remember);
      return;
    }
    case 'receive': {
      const rows = Array.from({ length: operation.count }, (_, i) => fresh(operation.from + i));
      const expected = rows.map((row) =>
        isTaken(row.sortKey) ? { ...row, sortKey: `${row.sortKey}+${row.id}` } : row,
      );
      await store.tx('rw', messageTables, () => addReceived(store, id, rows));
      expected.forEach(arrive);
      return;
    }
    case 'edit':
      return alter(operation.which, (whole) =>
        whole.row.isDeleted
          ? whole
          : { ...whole, row: { ...whole.row, content: operation.text, editedAt: whole.row.timestamp + 1 } },
      );
    case 'react':
      return alter(operation.which, (whole) => ({
        ...whole,
        reactions: [{ messageId: whole.row.id, userId: account('bo'), emojiKey: 'k', emoji: '👍', timestamp: NOW }],
      }));
    case 'expire':
      return alter(operation.which, (whole) => ({ ...whole, row: { ...whole.row, expiresAt: NOW + 1 } }));
    case 'erase':
      return alter(operation.which, () => undefined);
    case 'delete': {
      const whole = picked(operation.which);
      if (whole === undefined) return;
      const after = await store.tx('rw', messageTables, () => deleteMessage(store, whole.row.id, NOW));
      if (after !== undefined) model.set(whole.row.id, after);
      expect(after?.row.content).toBeUndefined();
      return;
    }
    case 'read': {
      const whole = picked(operation.which);
      if (whole === undefined) return;
      const { sortKey } = whole.row;
      const seen = await store.tx('rw', messageTables, () => markReadUpTo(store, id, sortKey, NOW));
      const expected = unreadOf(model, state).filter((row) => row.sortKey <= sortKey);
      expect(seen.map((row) => row.id)).toEqual(expected.map((row) => row.id));
      for (const row of expected) state.behind.delete(row.id);
      if (sortKey > state.lastRead) state.lastRead = sortKey;
      return;
    }
    case 'compact':
      for (let from: string | undefined = ''; from !== undefined;)
        from = await compactStep(store, id, from, operation.keep);
  }
}

const sorted = (model: ReadonlyMap<MessageId, WholeMessage>): WholeMessage[] =>
  [...model.values()].sort((a, b) => (a.row.sortKey < b.row.sortKey ? -1 : 1));

const unreadOf = (model: ReadonlyMap<MessageId, WholeMessage>, { lastRead, behind }: State): MessageRow[] =>
  sorted(model)
    .map(({ row }) => row)
    .filter((row) => row.sortKey > lastRead || behind.has(row.id))
    .filter((row) => !row.isOutgoing && row.type !== 'system' && !row.isDeleted);

async function compare(
  store: Store,
  model: ReadonlyMap<MessageId, WholeMessage>,
  state: State,
  seed: number,
): Promise<void> {
  const all = sorted(model);
  await blocksKeepTheirRules(store);
  expect((await wholePageOf(store, { conversationId: id, limit: 10_000 })).rows).toEqual(all);
  const rows = all.map(({ row }) => row);
  expect(
    await messagesAt(
      store,
      rows.map(({ conversationId, sortKey }) => ({ conversationId, sortKey })),
    ),
  ).toEqual(rows);
  expect(
    await knownMessages(
      store,
      rows.map((row) => row.id),
    ),
  ).toEqual(new Set(rows.map((row) => row.id)));
  for (const whole of all.filter((_, i) => i % 7 === seed % 7)) {
    expect(await wholeMessage(store, whole.row.id)).toEqual(whole);
  }

  const cursor = keyOf(seed % 250);
  for (const where of [{}, { before: cursor }, { after: cursor }, { after: keyOf(seed % 90), before: cursor }]) {
    const query = { ...where, limit: (seed % 30) + 1 };
    expect(await pageOf(store, { conversationId: id, ...query })).toEqual(pageFrom(rows, query));
    const bySender = rows.filter((row) => row.senderId === account('ana'));
    expect(await pageBySender(store, account('ana'), query)).toEqual(pageFrom(bySender, query));
    const inThread = rows.filter((row) => row.parentMessageId === message('head'));
    expect(await pageOfThread(store, id, message('head'), query)).toEqual(pageFrom(inThread, query));
  }

  const unread = unreadOf(model, state);
  const conversation = (await store.conversations.get(id)) ?? expect.fail('no conversation');
  expect(conversation.unreadCount).toBe(unread.length);
  expect(await countUnread(store, conversation)).toBe(unread.length);
  expect((await unreadBehind(store, conversation)).map((row) => row.id)).toEqual(
    unread.filter((row) => row.sortKey <= state.lastRead).map((row) => row.id),
  );
  const [preview] = await listPreviews(store);
  expect(preview?.messageId).toBe(rows.at(-1)?.id);
  expect(preview?.message.content).toBe(rows.at(-1)?.content);

  const counted = rows.filter((row) => !row.isDeleted);
  const statistics = await messageStatistics(store, id);
  expect(statistics.count).toBe(counted.length);
  expect(statistics.bytes).toBe(counted.reduce((sum, row) => sum + new TextEncoder().encode(row.content).length, 0));
  expect(new Map(statistics.bySender.map(({ senderId, count }) => [senderId, count]))).toEqual(
    tally(counted, (row) => row.senderId),
  );
  expect(new Map((await messagesByDay(store, { from: 0, to: NOW * 2 })).map(({ day, count }) => [day, count]))).toEqual(
    tally(counted, (row) => new Date(row.timestamp).toISOString().slice(0, 10)),
  );
}

async function blocksKeepTheirRules(store: Store): Promise<void> {
  const blocks = await store.messagesArchive.toArray();
  let last = '';
  for (const block of blocks) {
    const messages = messagesIn(block);
    expect(messages.length).toBeLessThanOrEqual(64);
    expect(messages.length).toBe(block.count);
    expect(block.firstSortKey > last).toBe(true);
    expect(messages[0]?.row.sortKey).toBe(block.firstSortKey);
    expect(messages.at(-1)?.row.sortKey).toBe(block.lastSortKey);
    expect(new Set(messages.map(({ row }) => new Date(row.timestamp).toISOString().slice(0, 7)))).toHaveLength(1);
    last = block.lastSortKey;
  }
}

/** What a page is, by its definition. */
function pageFrom(rows: readonly MessageRow[], { before, after, limit }: Cursor): Page {
  const between = rows.filter((row) => row.sortKey > (after ?? '') && row.sortKey < (before ?? '\uffff'));
  const page = after !== undefined && before === undefined ? between.slice(0, limit) : between.slice(-limit);
  const [first, last] = [page[0]?.sortKey ?? before ?? '\uffff', page.at(-1)?.sortKey ?? after ?? ''];
  return {
    rows: page,
    hasOlder: rows.some((row) => (page.length > 0 ? row.sortKey < first : row.sortKey <= (after ?? ''))),
    hasNewer: rows.some((row) => (page.length > 0 ? row.sortKey > last : row.sortKey >= (before ?? '\uffff'))),
  };
}

function tally(rows: readonly MessageRow[], nameOf: (row: MessageRow) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1);
  return counts;
}
