import { beforeEach, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/lib/db/auditLog.ts';
import { checkIntegrity, type Finding } from '../../src/lib/db/integrity.ts';
import { messagesIn } from '../../src/lib/db/messages/archive.ts';
import { bytesFromMessages } from '../../src/lib/db/messages/block.ts';
import { importMessages } from '../../src/lib/db/messages/importMessages.ts';
import { recount } from '../../src/lib/db/messages/recount.ts';
import { messageStatistics } from '../../src/lib/db/messages/statistics.ts';
import { nothingHangs } from '../../src/lib/db/messages/whole.ts';
import { repair } from '../../src/lib/db/repair.ts';
import { declarationOf, tableNames, type TableName } from '../../src/lib/db/schema.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { newDisk, unlockedStore } from './disks.ts';
import {
  account,
  conversation,
  faultFrom,
  group,
  groupRow,
  meetAna,
  memberRow,
  message,
  messageRow,
  NOW,
  sortKey,
} from './fixtures.ts';
import { keyOf, onDisk, plant, sealedColumnsOf, tableOf } from './samples.ts';

let disk: ReturnType<typeof newDisk>;
let store: Store;
beforeEach(async () => {
  disk = newDisk();
  store = await unlockedStore(disk);
});

const check = async () => (await checkIntegrity(store, () => true)).findings;
const change = (table: string, row: object) => onDisk(disk.indexedDB, table, 'readwrite', (rows) => rows.put(row));
const remove = (table: string, key: IDBValidKey) =>
  onDisk(disk.indexedDB, table, 'readwrite', (rows) => rows.delete(key));
const lying = (table: string, key: IDBValidKey) =>
  onDisk(disk.indexedDB, table, 'readonly', (rows) => rows.get(key)) as Promise<Record<string, unknown>>;

describe('a store as it should be', () => {
  it('has nothing to find, whatever is in it', async () => {
    for (const table of tableNames.filter((name) => name !== 'auditLog' && name !== 'schemaMigrations'))
      await plant(store, table, 1);
    await store.conversations.toCollection().modify({ unreadCount: 0, lastReadSortKey: '\ufffe' });
    // A block and counters are made from messages.
    await store.messagesArchive.clear();
    await recount(store, (await store.conversations.toCollection().primaryKeys())[0] as never);
    await appendAudit(store, { eventType: 'test', action: 'a', success: true }, NOW);
    const told: number[] = [];
    const report = await checkIntegrity(store, ({ done, total }) => told.push(done / total) > 0);
    expect(report).toEqual({ rows: report.rows, findings: [], isWhole: true });
    expect(report.rows).toBeGreaterThanOrEqual(tableNames.length);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it('can be left in the middle of the look', async () => {
    await meetAna(store);
    let calls = 0;
    const report = await checkIntegrity(store, () => ++calls < 3);
    expect(report.isWhole).toBe(false);
    expect(calls).toBe(3);
  });

  it('is looked through in slices without missing a row', async () => {
    await meetAna(store);
    await store.messages.bulkAdd(Array.from({ length: 600 }, (_, i) => messageRow('ana', `m${i}`, i)));
    await store.conversations.update(conversation('ana'), { unreadCount: 600 });
    const late = await lying('messages', [conversation('ana'), sortKey(599)]);
    await change('messages', { ...late, $sealed: new Uint8Array(40) });
    expect(await check()).toMatchObject([{ kind: 'seal-damaged', key: [conversation('ana'), sortKey(599)] }]);
  });
});

describe.each(tableNames.filter((name) => sealedColumnsOf(name).length > 0))('a damaged seal in %s', (table) => {
  it('is found', async () => {
    const key = keyOf(table, await plant(store, table, 1));
    const stored = await lying(table, key);
    (stored['$sealed'] as Uint8Array)[30] = ~Number((stored['$sealed'] as Uint8Array)[30]);
    await change(table, stored);
    expect(await check()).toContainEqual({ kind: 'seal-damaged', table, key });
  });
});

const relations = tableNames.flatMap((table) =>
  declarationOf(table).relations.map(({ column, to }) => ({ table, column, to: to as TableName })),
);
describe.each(relations)('a $table row whose $column is not in $to', ({ table, column, to }) => {
  it('is found', async () => {
    const row = await plant(store, table, 1);
    if (row[column] === undefined) return;
    for (const parent of await tableOf(store, to).toArray()) await remove(to, keyOf(to, parent));
    expect(await check()).toContainEqual({ kind: 'orphan', table, key: keyOf(table, row), field: column });
  });
});

describe('a broken rule', () => {
  beforeEach(() => meetAna(store));

  it('is found where a column, a check, a limit, a count or the audit log is not as declared', async () => {
    const ana = await lying('conversations', conversation('ana'));
    await change('conversations', { ...ana, kind: 'party', unreadCount: 4 });
    await store.groups.add(groupRow('hike', { maxMembers: 2 }));
    await store.groupMembers.bulkAdd([memberRow('hike', 'ana'), memberRow('hike', 'bo')]);
    await change('groups', { ...(await lying('groups', group('hike'))), maxMembers: 1 });
    await change('users', { ...(await lying('users', account('ana'))), size: 'unknown' });
    await store.messages.add(messageRow('ana', 'a', 1));
    const first = await lying('messages', [conversation('ana'), sortKey(1)]);
    await change('messages', { ...first, editedAt: 1 });
    await appendAudit(store, { eventType: 'test', action: 'a', success: true }, NOW);
    const { logId } = await appendAudit(store, { eventType: 'test', action: 'b', success: true }, NOW);
    await remove('auditLog', logId);

    expect(await check()).toEqual([
      { kind: 'invalid', table: 'users', key: account('ana'), field: 'size' },
      { kind: 'invalid', table: 'conversations', key: conversation('ana'), field: 'kind' },
      { kind: 'too-many', table: 'groups', key: group('hike'), field: 'maxMembers' },
      { kind: 'check-broken', table: 'messages', key: [conversation('ana'), sortKey(1)], field: 'edited-after-sent' },
      { kind: 'unread-count', table: 'conversations', key: conversation('ana') },
      { kind: 'audit-broken', table: 'auditLog', key: 'end' },
    ] satisfies Finding[]);
  });

  it('needs the key of the vault to be looked for', async () => {
    store.lock();
    expect(await faultFrom(checkIntegrity(store, () => true))).toMatchObject({ code: 'locked' });
  });
});

describe('messages in blocks', () => {
  const id = conversation('ana');
  const beginning = 1_000_000_000_000;
  const placeOf = (order: number) => `${(beginning + order).toString(16).padStart(12, '0')}0000-device`;
  beforeEach(async () => {
    await meetAna(store);
    const range = Array.from({ length: 400 }, (_, order) => ({
      ...nothingHangs(),
      row: messageRow('ana', `m${order}`, 0, { sortKey: placeOf(order), timestamp: beginning + order }),
    }));
    await importMessages(store, id, range);
  });
  const firstBlock = async () => {
    const [block] = await store.messagesArchive.toArray();
    if (block === undefined) throw new Error('no block');
    return block;
  };

  it('are in order as the app writes them', async () => {
    expect(await store.messagesArchive.count()).toBeGreaterThan(1);
    expect(await check()).toEqual([]);
  });

  it.each([
    ['month', { month: '199901' }],
    ['count', { count: 3 }],
    ['lastSortKey', { lastSortKey: placeOf(2) }],
    ['lookups', { lookups: [] }],
  ])('with another %s than theirs are found, and the block is written anew', async (field, wrong) => {
    const block = await firstBlock();
    await store.messagesArchive.put({ ...block, ...wrong });
    const found = await check();
    expect(found).toContainEqual({ kind: 'block-damaged', table: 'messagesArchive', key: [id, placeOf(0)], field });
    expect(await repair(store, found, NOW)).toMatchObject({ left: [], quarantined: 0 });
    expect(await firstBlock()).toEqual(block);
    expect(await check()).toEqual([]);
  });

  it('are kept when one among them breaks a rule; the block is kept aside as it lay', async () => {
    const block = await firstBlock();
    const stored = messagesIn(block);
    const odd = stored.map((one, i) => (i === 7 ? { ...one, row: { ...one.row, type: 'song' as never } } : one));
    await store.messagesArchive.put({ ...block, block: bytesFromMessages(odd) });
    const found = await check();
    expect(found).toContainEqual({
      kind: 'block-damaged',
      table: 'messagesArchive',
      key: [id, placeOf(0)],
      field: 'block',
    });
    expect(await repair(store, found, NOW)).toMatchObject({ left: [], quarantined: 1 });
    expect(messagesIn(await firstBlock())).toEqual(stored.filter((_, i) => i !== 7));
    expect((await messageStatistics(store, id)).count).toBe(399);
    expect(await store.quarantine.toArray()).toMatchObject([{ tableName: 'messagesArchive' }]);
    expect(await check()).toEqual([]);
  });

  it('and rows are counted; a counter that is off is found and counted anew', async () => {
    const [counter] = await store.messageCounters.where('conversationId').equals(id).toArray();
    if (counter === undefined) throw new Error('no counter');
    await store.messageCounters.put({ ...counter, count: counter.count + 1 });
    const found = await check();
    expect(found).toEqual([{ kind: 'message-count', table: 'conversations', key: id }]);
    expect(await repair(store, found, NOW)).toMatchObject({ mended: found, left: [] });
    expect(await check()).toEqual([]);
    // What was forgotten while locked is not wrong: it is counted after unlocking.
    await store.messagePreviews.clear();
    await store.messageCounters.clear();
    expect(await check()).toEqual([]);
  });
});

describe('repair', () => {
  const id = conversation('ana');
  beforeEach(async () => {
    await meetAna(store);
    await store.messages.bulkAdd([messageRow('ana', 'a', 1), messageRow('ana', 'b', 2)]);
    await store.messageReadReceipts.add({ messageId: message('a'), userId: account('ana'), readAt: NOW });
    await store.conversations.update(id, { unreadCount: 2 });
  });
  const damage = async (table: string, key: IDBValidKey) => {
    const stored = await lying(table, key);
    await change(table, { ...stored, $sealed: new Uint8Array(40) });
    return { ...stored, $sealed: new Uint8Array(40) };
  };
  const mend = async () => repair(store, await check(), NOW);

  it('leaves a line in the place of a damaged message, and keeps the message as it lay', async () => {
    const lay = await damage('messages', [id, sortKey(1)]);
    expect(await mend()).toMatchObject({ mended: [{ kind: 'seal-damaged' }], left: [], quarantined: 1 });
    expect(await store.messages.get([id, sortKey(1)])).toMatchObject({
      id: message('a'),
      type: 'encrypted',
      metadata: { reason: 'Tampered' },
    });
    expect(await store.messageReadReceipts.count()).toBe(1);
    const [kept] = await store.quarantine.toArray();
    expect(kept).toMatchObject({
      tableName: 'messages',
      foundAt: NOW,
      row: { $sealed: lay.$sealed, id: message('a') },
    });
    expect(await check()).toEqual([]);
  });

  it('keeps every message of a damaged conversation', async () => {
    await damage('conversations', id);
    expect(await mend()).toMatchObject({ left: [], quarantined: 1 });
    expect(await store.conversations.get(id)).toMatchObject({ title: '', unreadCount: 2, contactId: account('ana') });
    expect(await store.messages.count()).toBe(2);
  });

  it('counts anew', async () => {
    await store.conversations.update(id, { unreadCount: 7 });
    expect(await mend()).toMatchObject({ mended: [{ kind: 'unread-count' }], left: [] });
    expect(await store.conversations.get(id)).toMatchObject({ unreadCount: 2 });
  });

  it('moves a row that belongs to nothing away, with all that hangs on it', async () => {
    await remove('conversations', id);
    const outcome = await mend();
    expect(outcome.left).toEqual([]);
    expect(outcome.quarantined).toBe(3);
    const moved = (await store.quarantine.toArray()).map(({ tableName }) => tableName).sort();
    expect(moved).toEqual(['messageReadReceipts', 'messages', 'messages']);
    expect(await check()).toEqual([]);
  });

  it('forgets a device that is gone without forgetting the message', async () => {
    await store.messages
      .where('id')
      .equals(message('b'))
      .modify({ deviceId: 'device-ana-phone' as never });
    await remove('devices', 'device-ana-phone');
    expect(await mend()).toMatchObject({ mended: [{ kind: 'orphan', field: 'deviceId' }], quarantined: 0 });
    expect(await store.messages.get([id, sortKey(2)])).not.toHaveProperty('deviceId');
    expect(await check()).toEqual([]);
  });

  it('tells and leaves what it cannot mend', async () => {
    await damage('contacts', account('ana'));
    expect(await mend()).toMatchObject({ mended: [], left: [{ kind: 'seal-damaged', table: 'contacts' }] });
    expect(await store.contacts.count()).toBe(1);
    expect(await store.messages.count()).toBe(2);
  });
});
