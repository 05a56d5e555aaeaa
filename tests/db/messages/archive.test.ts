import { beforeEach, describe, expect, it } from 'vitest';
import { addMessage } from '../../../src/lib/db/messages/add.ts';
import { alterMessage } from '../../../src/lib/db/messages/alter.ts';
import { countMessages } from '../../../src/lib/db/messages/archive.ts';
import { readyForText } from '../../../src/lib/db/messages/bodies.ts';
import { compactStep, isDue } from '../../../src/lib/db/messages/compact.ts';
import { messageById, wholeMessage } from '../../../src/lib/db/messages/find.ts';
import { importMessages } from '../../../src/lib/db/messages/importMessages.ts';
import { pageBySender, pageInTime } from '../../../src/lib/db/messages/orders.ts';
import { pageOf } from '../../../src/lib/db/messages/pages.ts';
import { listPreviews, uncounted } from '../../../src/lib/db/messages/previews.ts';
import { recount } from '../../../src/lib/db/messages/recount.ts';
import { eraseExpired, eraseMessage, eraseOlderThan } from '../../../src/lib/db/messages/remove.ts';
import { setStatus } from '../../../src/lib/db/messages/status.ts';
import { busiestConversations, messageStatistics } from '../../../src/lib/db/messages/statistics.ts';
import { messageTables, nothingHangs, type WholeMessage } from '../../../src/lib/db/messages/whole.ts';
import { recordReceipts } from '../../../src/lib/db/receipts.ts';
import type { MessageRow, Store } from '../../../src/lib/db/store.ts';
import { newDisk, lockedStore, unlockedStore } from '../disks.ts';
import {
  account,
  conversation,
  conversationRow,
  countingRandom,
  device,
  faultFrom,
  meetAna,
  message,
  messageRow,
  NOW,
} from '../fixtures.ts';

const id = conversation('ana');
const MINUTE = 60_000;
const keyOf = (order: number) => `${(NOW + order * MINUTE).toString(16).padStart(12, '0')}0000-device`;
const whole = (order: number, more: Partial<MessageRow> = {}): WholeMessage => ({
  ...nothingHangs(),
  row: messageRow('ana', `m${order}`, 0, { sortKey: keyOf(order), timestamp: NOW + order * MINUTE, ...more }),
});
const range = (count: number, more: Partial<MessageRow> = {}) =>
  Array.from({ length: count }, (_, order) => whole(order, more));
const change = (store: Store, name: string, alter: (whole: WholeMessage) => WholeMessage | undefined) =>
  store.tx('rw', messageTables, () => alterMessage(store, message(name), alter));
const compact = async (store: Store) => {
  for (let from: string | undefined = ''; from !== undefined;) from = await compactStep(store, id, from);
};

describe('the history of a conversation', () => {
  const disk = newDisk();
  let store: Store;
  beforeEach(async () => {
    Object.assign(disk, newDisk());
    store = await unlockedStore(disk);
    await meetAna(store);
  });

  it('goes into blocks but for the newest messages, and no text of it is in clear', async () => {
    await importMessages(store, id, range(1000));
    expect(await store.messages.count()).toBe(256);
    expect(await countMessages(store)).toBe(1000);
    const blocks = await store.messagesArchive.toArray();
    expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(744);
    expect(Math.max(...blocks.map(({ count }) => count))).toBe(64);
    store.lock();
    expect(JSON.stringify(await store.messagesArchive.toArray())).not.toContain('text of');
    expect(await faultFrom(pageOf(store, { conversationId: id, limit: 300 }))).toMatchObject({ code: 'locked' });
  });

  it('is packed once there is enough behind the newest', async () => {
    await store.tx('rw', messageTables, async () => {
      for (const { row } of range(319)) await addMessage(store, row);
    });
    expect(await isDue(store, id)).toBe(false);
    await store.tx('rw', messageTables, () => addMessage(store, whole(319).row));
    expect(await isDue(store, id)).toBe(true);
    const before = await pageOf(store, { conversationId: id, limit: 400 });
    await compact(store);
    expect(await store.messages.count()).toBe(256);
    expect(await store.messagesArchive.count()).toBe(1);
    expect(await pageOf(store, { conversationId: id, limit: 400 })).toEqual(before);
  });

  it('keeps as rows what waits, what will vanish and what others have yet to hear of', async () => {
    await store.tx('rw', messageTables, async () => {
      for (const { row } of range(330)) await addMessage(store, row);
    });
    await change(store, 'm1', (one) => ({ ...one, row: { ...one.row, status: 'failed' } }));
    await change(store, 'm2', (one) => ({ ...one, row: { ...one.row, expiresAt: NOW + 1 } }));
    const pending = {
      id: 'c',
      messageId: message('m3'),
      changeType: 'pin' as const,
      changeData: {},
      deviceId: device('ana-phone'),
      userId: account('ana'),
      timestamp: keyOf(400),
      syncStatus: 'pending' as const,
    };
    await change(store, 'm3', (one) => ({ ...one, changes: [pending] }));
    await compact(store);
    const rows = await store.messages.orderBy('sortKey').limit(4).toArray();
    expect(rows.map((row) => row.id)).toEqual(['m1', 'm2', 'm3', 'm74'].map(message));
  });

  it('takes back as a row what is settled no more, without names of what is gone', async () => {
    await importMessages(store, id, range(400, { deviceId: device('ana-phone') }));
    await store.devices.delete(device('ana-phone'));
    await change(store, 'm5', (one) => ({ ...one, row: { ...one.row, expiresAt: NOW + 1 } }));
    const { deviceId: _gone, ...row } = whole(5, { expiresAt: NOW + 1 }).row;
    expect(await store.messages.where('id').equals(message('m5')).first()).toEqual(row);
    expect(await store.tx('rw', messageTables, () => eraseExpired(store, NOW + 1, 10))).toBe(1);
    expect(await messageById(store, message('m5'))).toBeUndefined();
  });

  it('refuses for a message in a block what a row would be refused, and changes nothing', async () => {
    await importMessages(store, id, range(400));
    const early = change(store, 'm5', (one) => ({ ...one, row: { ...one.row, editedAt: 1 } }));
    expect(await faultFrom(early)).toMatchObject({ code: 'constraint', field: 'edited-after-sent' });
    const large = change(store, 'm5', (one) => ({ ...one, row: { ...one.row, content: 'x'.repeat(1024 * 1024 + 1) } }));
    expect(await faultFrom(large)).toMatchObject({ code: 'constraint', field: 'content-size' });
    const strange = change(store, 'm5', (one) => ({
      ...one,
      receipts: [{ messageId: message('m6'), userId: account('bo'), readAt: NOW }],
    }));
    expect(await faultFrom(strange)).toMatchObject({ code: 'constraint', field: 'messageId' });
    const twice = store.tx('rw', messageTables, () => addMessage(store, whole(5, { sortKey: keyOf(900) }).row));
    expect(await faultFrom(twice)).toMatchObject({ code: 'duplicate', entity: 'messages' });
    expect(await wholeMessage(store, message('m5'))).toEqual(whole(5));
  });

  it('moves an own message on in its block when its receipts come late', async () => {
    await importMessages(store, id, range(400, { isOutgoing: true, status: 'sent' }));
    await store.tx('rw', [...messageTables, 'groupMembers', 'relayLogin'], () =>
      recordReceipts(store, id, account('ana'), { delivered: [message('m1')], read: [message('m2')] }, NOW),
    );
    expect((await messageById(store, message('m1')))?.status).toBe('delivered');
    expect(await wholeMessage(store, message('m2'))).toMatchObject({
      row: { status: 'read' },
      receipts: [{ userId: account('ana'), readAt: NOW }],
    });
  });

  it('loses what is older than asked for, in blocks and rows, and keeps what waits', async () => {
    await importMessages(store, id, [...range(400).slice(1), whole(0, { status: 'queued' })]);
    expect(await eraseOlderThan(store, NOW + 300 * MINUTE)).toBe(299);
    const { rows } = await pageOf(store, { conversationId: id, limit: 500 });
    expect(rows.map((row) => row.sortKey)).toEqual([0, ...Array.from({ length: 100 }, (_, i) => 300 + i)].map(keyOf));
    expect((await messageStatistics(store)).count).toBe(101);
  });

  it('is read by time', async () => {
    await importMessages(store, id, range(400));
    const page = await pageInTime(store, id, { from: NOW + 10 * MINUTE, to: NOW + 20 * MINUTE }, { limit: 4 });
    expect(page.rows.map((row) => row.sortKey)).toEqual([16, 17, 18, 19].map(keyOf));
    const next = await pageInTime(
      store,
      id,
      { from: NOW + 10 * MINUTE, to: NOW + 20 * MINUTE },
      { limit: 40, before: keyOf(16) },
    );
    expect(next.rows.map((row) => row.sortKey)).toEqual([10, 11, 12, 13, 14, 15].map(keyOf));
    expect([page.hasOlder, page.hasNewer, next.hasOlder, next.hasNewer]).toEqual([true, false, false, true]);
  });

  it('is read by time from the old end too, and never beyond the stretch', async () => {
    await importMessages(store, id, range(400));
    const time = { from: NOW + 140 * MINUTE, to: NOW + 150 * MINUTE };
    const walked: string[] = [];
    let after = '';
    for (let more = true; more;) {
      const page = await pageInTime(store, id, time, { after, limit: 4 });
      walked.push(...page.rows.map((row) => row.sortKey));
      expect(page.hasOlder).toBe(after !== '');
      more = page.hasNewer;
      after = page.rows.at(-1)?.sortKey ?? '';
    }
    expect(walked).toEqual(Array.from({ length: 10 }, (_, i) => keyOf(140 + i)));
    const beyond = await pageInTime(store, id, time, { after: keyOf(149), limit: 4 });
    expect(beyond).toEqual({ rows: [], hasOlder: true, hasNewer: false });
    const last = await pageInTime(store, id, time, { before: keyOf(149), limit: 1 });
    expect([last.rows.map((row) => row.sortKey), last.hasOlder, last.hasNewer]).toEqual([[keyOf(148)], true, true]);
    const nothing = await pageInTime(store, id, { from: time.to, to: time.from }, { limit: 4 });
    expect(nothing).toEqual({ rows: [], hasOlder: false, hasNewer: false });
  });

  it('is read by sender to the message, also where two devices of theirs wrote in the same moment', async () => {
    const moments = range(300, { senderId: account('bo') });
    const two = whole(300, { senderId: account('cy') });
    const first = { ...two, row: { ...two.row, id: message('first'), sortKey: `${keyOf(300)}-1` } };
    const second = { ...two, row: { ...two.row, id: message('second'), sortKey: `${keyOf(300)}-2` } };
    const newer = range(700, { senderId: account('bo') }).slice(301);
    await importMessages(store, id, [...moments, first, second, ...newer]);
    const only = async (cursor: { before?: string; after?: string }) => {
      const { rows, hasOlder, hasNewer } = await pageBySender(store, account('cy'), { ...cursor, limit: 9 });
      return { ids: rows.map((row) => row.id), hasOlder, hasNewer };
    };
    const [a, b] = [first.row.sortKey, second.row.sortKey];
    const neither = { hasOlder: false, hasNewer: false };
    expect(await only({})).toEqual({ ids: ['first', 'second'].map(message), ...neither });
    expect(await only({ after: a })).toEqual({ ids: [message('second')], ...neither, hasOlder: true });
    expect(await only({ before: b })).toEqual({ ids: [message('first')], ...neither, hasNewer: true });
    // Between the device before the first and the first, and behind the second, in the same moment.
    expect(await only({ after: `${keyOf(300)}-0` })).toEqual({ ids: ['first', 'second'].map(message), ...neither });
    expect(await only({ before: `${keyOf(300)}-3` })).toEqual({ ids: ['first', 'second'].map(message), ...neither });
  });

  it('goes with its conversation', async () => {
    await importMessages(store, id, range(400));
    await store.contacts.delete(account('ana'));
    expect(await store.messagesArchive.count()).toBe(0);
    expect(await store.messageCounters.count()).toBe(0);
    expect(await store.messagePreviews.count()).toBe(0);
  });

  it('is counted again where nobody counted it', async () => {
    await importMessages(store, id, range(400));
    const [statistics, previews] = [await messageStatistics(store), await listPreviews(store)];
    const unread = (await store.conversations.get(id))?.unreadCount;
    await store.messagePreviews.clear();
    await store.messageCounters.clear();
    await store.conversations.update(id, { unreadCount: 7 });
    expect(await uncounted(store)).toEqual([id]);
    await recount(store, id);
    expect(await messageStatistics(store)).toEqual(statistics);
    expect(await listPreviews(store)).toEqual(previews);
    expect((await store.conversations.get(id))?.unreadCount).toBe(unread);
    expect(await uncounted(store)).toEqual([]);
  });

  it('tells the busiest conversations, ever and in a stretch of days', async () => {
    await store.conversations.add(conversationRow('bo', { contactId: account('ana') }));
    await importMessages(store, id, range(3));
    const elsewhere = { conversationId: conversation('bo'), timestamp: NOW + 5 * 86_400_000 };
    await importMessages(store, conversation('bo'), [{ ...nothingHangs(), row: messageRow('bo', 'x', 1, elsewhere) }]);
    expect((await busiestConversations(store, 5)).map(({ conversationId, count }) => [conversationId, count])).toEqual([
      [id, 3],
      [conversation('bo'), 1],
    ]);
    const later = { from: NOW + 4 * 86_400_000, to: NOW + 9 * 86_400_000 };
    expect((await busiestConversations(store, 5, later)).map((one) => one.conversationId)).toEqual([
      conversation('bo'),
    ]);
  });

  it('locked, still loses what expires and moves what is sent; what it can no longer count is counted later', async () => {
    await store.tx('rw', messageTables, async () => {
      await addMessage(store, whole(1, { expiresAt: NOW }).row);
      await addMessage(store, whole(2, { isOutgoing: true, status: 'queued' }).row);
    });
    const random = countingRandom();
    random.bytes(1000);
    const worker = await lockedStore({ ...disk, random });
    await worker.tx('rw', messageTables, () => setStatus(worker, message('m2'), 'sent'));
    expect((await listPreviews(store))[0]?.status).toBe('sent');
    await worker.tx('rw', messageTables, () => eraseExpired(worker, NOW, 10));
    expect(await messageById(store, message('m1'))).toBeUndefined();
    expect((await store.conversations.get(id))?.unreadCount).toBe(0);
    expect(await uncounted(store)).toEqual([id]);
    await recount(store, id);
    expect((await messageStatistics(store)).count).toBe(1);
    worker.close();
  });
});

describe('a long text', () => {
  const long = 'a line of a long text\n'.repeat(20_000);
  let store: Store;
  beforeEach(async () => {
    store = await unlockedStore();
    await meetAna(store);
    await readyForText(long.length);
  });
  const add = (content: string) => store.tx('rw', messageTables, () => addMessage(store, whole(1, { content }).row));

  it('is kept apart and compressed, and read as if it were not', async () => {
    await add(long);
    expect((await store.messages.toArray())[0]?.content).toBeUndefined();
    const [body] = await store.messageContents.toArray();
    expect(body).toMatchObject({ compressionAlgorithm: 'deflate', originalSize: long.length });
    expect(body?.compressedSize).toBeLessThan(long.length / 20);
    expect((await messageById(store, message('m1')))?.content).toBe(long);
    expect((await pageOf(store, { conversationId: id, limit: 5 })).rows[0]?.content).toBe(long);
  });

  it('goes along into a block, and back to being short', async () => {
    await importMessages(store, id, [...range(400).filter((_, i) => i !== 1), whole(1, { content: long })]);
    expect(await store.messageContents.count()).toBe(0);
    expect((await wholeMessage(store, message('m1')))?.row.content).toBe(long);
    await change(store, 'm1', (one) => ({ ...one, row: { ...one.row, content: 'short' } }));
    expect((await messageById(store, message('m1')))?.content).toBe('short');
  });

  it('leaves nothing behind when an edit makes it short, or it is erased', async () => {
    await add(long);
    await change(store, 'm1', (one) => ({ ...one, row: { ...one.row, content: 'short' } }));
    expect(await store.messageContents.count()).toBe(0);
    await change(store, 'm1', (one) => ({ ...one, row: { ...one.row, content: long } }));
    expect(await store.messageContents.count()).toBe(1);
    await store.tx('rw', messageTables, () => eraseMessage(store, message('m1')));
    expect(await store.messageContents.count()).toBe(0);
  });

  it('of 1 MiB is taken, of one byte more is refused and leaves nothing', async () => {
    expect(await faultFrom(add('x'.repeat(1024 * 1024 + 1)))).toMatchObject({
      code: 'constraint',
      field: 'content-size',
    });
    expect(await store.messages.count()).toBe(0);
    await add('é'.repeat(512 * 1024));
    expect((await messageById(store, message('m1')))?.content).toHaveLength(512 * 1024);
  });

  it('that does not shrink is kept as it is', async () => {
    const noise = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000))).join(
      '',
    );
    await add(noise);
    const [body] = await store.messageContents.toArray();
    expect(body?.compressedSize).toBeLessThanOrEqual(body?.originalSize ?? 0);
    expect((await messageById(store, message('m1')))?.content).toBe(noise);
  });
});
