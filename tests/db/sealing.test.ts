import { beforeEach, describe, expect, it } from 'vitest';
import { addMessage } from '../../src/lib/db/messages/add.ts';
import { readyForText } from '../../src/lib/db/messages/bodies.ts';
import { TAIL } from '../../src/lib/db/messages/compact.ts';
import { messageById } from '../../src/lib/db/messages/find.ts';
import { importMessages } from '../../src/lib/db/messages/importMessages.ts';
import { messageTables, nothingHangs } from '../../src/lib/db/messages/whole.ts';
import { tableNames } from '../../src/lib/db/schema.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { lockedStore, newDisk, unlockedStore } from './disks.ts';
import {
  account,
  contact,
  conversation,
  faultFrom,
  meetAna,
  message,
  messageRow,
  sortKey,
  testSealer,
  user,
} from './fixtures.ts';
import { keyOf, onDisk, plant, sampleRow, sealedColumnsOf, tableOf } from './samples.ts';

type Stored = Record<string, unknown> & { $sealed: Uint8Array };

const sealedTables = tableNames.filter((table) => sealedColumnsOf(table).length > 0);

describe.each(sealedTables)('a row of %s', (table) => {
  let disk: ReturnType<typeof newDisk>;
  let store: Store;
  let row: Record<string, unknown>;
  const stored = () =>
    onDisk(disk.indexedDB, table, 'readonly', (rows) => rows.get(keyOf(table, row)) as IDBRequest<Stored>);
  const replace = (altered: Record<string, unknown>) =>
    onDisk(disk.indexedDB, table, 'readwrite', (rows) => rows.put(altered));
  const reading = () => tableOf(store, table).get(keyOf(table, row));

  beforeEach(async () => {
    disk = newDisk();
    store = await unlockedStore(disk);
    row = await plant(store, table, 1);
  });

  it('comes back as it was written', async () => {
    expect(await reading()).toEqual(row);
    expect(await tableOf(store, table).toArray()).toEqual([row]);
  });

  it('has nothing of its sealed columns on disk', async () => {
    const raw = await stored();
    for (const column of sealedColumnsOf(table)) expect(raw).not.toHaveProperty(column);
    const bytes = new TextDecoder('latin1').decode(raw.$sealed);
    expect(bytes).not.toContain('planted');
  });

  it.each([
    ['altered', (s: Uint8Array) => s.map((byte, i) => (i === s.length - 1 ? byte ^ 1 : byte))],
    ['altered in its nonce', (s: Uint8Array) => s.map((byte, i) => (i === 3 ? byte ^ 1 : byte))],
    ['truncated', (s: Uint8Array) => s.slice(0, -1)],
    ['emptied', () => new Uint8Array()],
    ['replaced by text', () => 'text'],
  ])('is found damaged when its sealed value was %s', async (_how, alter) => {
    const raw = await stored();
    await replace({ ...raw, $sealed: alter(raw.$sealed) });
    expect(await faultFrom(reading())).toMatchObject({ code: 'sealed-value-damaged', entity: table });
    expect(await faultFrom(tableOf(store, table).toArray())).toMatchObject({ code: 'sealed-value-damaged' });
  });

  it('is found damaged when its sealed value was taken away', async () => {
    const { $sealed: _gone, ...rest } = await stored();
    await replace(rest);
    expect(await faultFrom(reading())).toMatchObject({ code: 'sealed-value-damaged' });
  });

  it('does not open under another key', async () => {
    const raw = await stored();
    const moved = sampleRow(table, 2);
    const { key, other } = { key: keyOf(table, moved), other: { ...raw } };
    for (const column of Object.keys(raw)) if (column !== '$sealed') other[column] = moved[column];
    await replace(other);
    expect(await faultFrom(tableOf(store, table).get(key))).toMatchObject({ code: 'sealed-value-damaged' });
  });

  it('does not open in another table', async () => {
    const raw = await stored();
    const elsewhere = sealedTables[(sealedTables.indexOf(table) + 1) % sealedTables.length] ?? table;
    const { $sealed: _own, ...clear } = sampleRow(elsewhere, 1);
    for (const column of sealedColumnsOf(elsewhere)) delete clear[column];
    await onDisk(disk.indexedDB, elsewhere, 'readwrite', (rows) => rows.put({ ...clear, $sealed: raw.$sealed }));
    const work = tableOf(store, elsewhere).get(keyOf(elsewhere, clear));
    expect(await faultFrom(work)).toMatchObject({ code: 'sealed-value-damaged', entity: elsewhere });
  });

  it('shows a locked store its clear columns, and is kept by its writes', async () => {
    const locked = await lockedStore(disk);
    const seen = (await tableOf(locked, table).get(keyOf(table, row))) ?? {};
    for (const column of sealedColumnsOf(table)) expect(seen).not.toHaveProperty(column);
    await tableOf(locked, table).put(seen);
    expect(await reading()).toEqual(row);
  });

  it('cannot be made, or given a sealed column, by a locked store', async () => {
    const locked = await lockedStore(disk);
    expect(await faultFrom(tableOf(locked, table).put(row))).toMatchObject({ code: 'locked', entity: table });
    const seen = (await tableOf(locked, table).get(keyOf(table, row))) ?? {};
    const [column = ''] = sealedColumnsOf(table);
    expect(await faultFrom(tableOf(locked, table).put({ ...seen, [column]: row[column] }))).toMatchObject({
      code: 'locked',
      field: column,
    });
  });
});

describe('every way to read and write', () => {
  let disk: ReturnType<typeof newDisk>;
  let store: Store;
  const id = conversation('ana');
  const texts = async () => (await store.messages.toArray()).map((row) => row.content);

  beforeEach(async () => {
    disk = newDisk();
    store = await unlockedStore(disk);
    await meetAna(store);
    await store.messages.bulkAdd([messageRow('ana', 'a', 1), messageRow('ana', 'b', 2)]);
  });

  it('opens rows for get, bulkGet, where, cursors and each', async () => {
    const a = messageRow('ana', 'a', 1);
    const b = messageRow('ana', 'b', 2);
    expect(await store.messages.get([id, sortKey(1)])).toEqual(a);
    expect(await store.messages.get({ id: message('b') })).toEqual(b);
    expect(
      await store.messages.bulkGet([
        [id, sortKey(2)],
        [id, sortKey(9)],
      ]),
    ).toEqual([b, undefined]);
    expect(await store.messages.where('conversationId').equals(id).reverse().toArray()).toEqual([b, a]);
    expect(await store.messages.where('[conversationId+sortKey]').between([id, ''], [id, '~']).last()).toEqual(b);
    expect(await store.messages.filter((row) => row.content === 'text of b').toArray()).toEqual([b]);
    expect(await store.messages.orderBy('sortKey').offset(1).first()).toEqual(b);
    const seen: unknown[] = [];
    await store.messages.each((row) => seen.push(row.content));
    expect(seen).toEqual(['text of a', 'text of b']);
    expect(await store.messages.orderBy('sortKey').uniqueKeys()).toEqual([sortKey(1), sortKey(2)]);
  });

  it('seals rows for put, bulkPut, update, bulkUpdate, upsert and modify', async () => {
    await store.messages.put(messageRow('ana', 'a', 1, { content: 'put' }));
    expect(await texts()).toEqual(['put', 'text of b']);
    await store.messages.bulkPut([messageRow('ana', 'a', 1, { content: 'bulk' })]);
    expect(await texts()).toEqual(['bulk', 'text of b']);
    await store.messages.update([id, sortKey(1)], { content: 'updated' });
    expect(await texts()).toEqual(['updated', 'text of b']);
    await store.messages.bulkUpdate([{ key: [id, sortKey(1)], changes: { content: 'bulk updated' } }]);
    expect(await texts()).toEqual(['bulk updated', 'text of b']);
    await store.messages.upsert([id, sortKey(1)], { content: 'upserted' });
    expect(await texts()).toEqual(['upserted', 'text of b']);
    await store.messages.toCollection().modify({ content: 'all alike' });
    expect(await texts()).toEqual(['all alike', 'all alike']);
    await store.messages
      .where('id')
      .equals(message('b'))
      .modify((row) => {
        row.content = `${row.content ?? ''}, but one`;
      });
    expect(await texts()).toEqual(['all alike', 'all alike, but one']);
    await store.messages
      .where('id')
      .equals(message('b'))
      .modify((row) => {
        delete row.content;
      });
    expect(await texts()).toEqual(['all alike', undefined]);

    const raw = await onDisk(disk.indexedDB, 'messages', 'readonly', (rows) => rows.getAll() as IDBRequest<Stored[]>);
    for (const row of raw) expect(Object.keys(row)).not.toContain('content');
  });

  it('writes what was prepared before, as what it was, into its own table and under its own key only', async () => {
    const row = messageRow('ana', 'c', 3);
    store.prepare('messages', [row]);
    expect(() => (row.content = 'another')).toThrow(TypeError);
    const foreign = messageRow('ana', 'd', 4);
    store.prepare('messages', [foreign]);
    expect(await faultFrom(store.settings.put(foreign as never))).toMatchObject({ code: 'validation' });
    await store.messages.add(row);
    expect(await store.messages.get([id, sortKey(3)])).toEqual(messageRow('ana', 'c', 3));
    const [stored] = await onDisk(
      disk.indexedDB,
      'messages',
      'readonly',
      (rows) => rows.getAll([id, sortKey(3)]) as IDBRequest<Stored[]>,
    );
    expect(Object.keys(stored ?? {})).not.toContain('content');

    expect(
      await faultFrom(Promise.resolve().then(() => store.prepare('messages', [{ ...row, type: 'odd' }]))),
    ).toMatchObject({ code: 'validation', field: 'type' });
    const late = messageRow('ana', 'e', 5);
    store.prepare('messages', [late]);
    store.lock();
    expect(await faultFrom(store.messages.add(late))).toMatchObject({ code: 'locked' });
  });

  it('lets a locked store change what is clear', async () => {
    const locked = await lockedStore(disk);
    await locked.messages.where('id').equals(message('a')).modify({ status: 'delivered' });
    await locked.messages.update([id, sortKey(2)], { status: 'read' });
    expect(await store.messages.toArray()).toEqual([
      messageRow('ana', 'a', 1, { status: 'delivered' }),
      messageRow('ana', 'b', 2, { status: 'read' }),
    ]);
    expect(await faultFrom(locked.messages.update([id, sortKey(2)], { content: 'x' }))).toMatchObject({
      code: 'locked',
    });
  });

  it('keeps a row that was read while locked and is written unlocked', async () => {
    const tab = await lockedStore(disk);
    const row = await tab.messages.get([id, sortKey(1)]);
    tab.unlock(testSealer());
    if (row !== undefined) await tab.messages.put({ ...row, status: 'read' });
    expect(await store.messages.get([id, sortKey(1)])).toEqual(messageRow('ana', 'a', 1, { status: 'read' }));
  });

  it('does not take in a sealed value of another row', async () => {
    const tab = await lockedStore(disk);
    const [a, b] = await tab.messages.toArray();
    tab.unlock(testSealer());
    const mixed = { ...a, $sealed: (b as unknown as Stored).$sealed } as never;
    expect(await faultFrom(tab.messages.put(mixed))).toMatchObject({
      code: 'sealed-value-damaged',
      entity: 'messages',
    });
  });

  it('never answers with a row of another table that has the same key', async () => {
    await store.tx('rw', ['users', 'contacts'], async () => {
      // Nothing is written here, so Dexie's own cache of the rows that were read would still be standing.
      await store.users
        .where('id')
        .equals(account('ana'))
        .modify(() => false);
      await store.contacts
        .where('contactId')
        .equals(account('ana'))
        .modify((row) => {
          expect(row).toEqual(contact('ana'));
          return false;
        });
    });
    expect.assertions(1);
  });

  it('writes booleans as keys that queries can ask for', async () => {
    await store.users.add(user('bo'));
    await store.contacts.add(contact('bo', { isVerified: true }));
    const verified = await store.contacts.where('isVerified').equals(1).toArray();
    expect(verified.map((row) => [row.contactId, row.isVerified])).toEqual([[account('bo'), true]]);
    expect(await store.messages.where('[conversationId+isDeleted]').equals([id, 0]).count()).toBe(2);
  });

  it('has no keyed hash while locked', async () => {
    const locked = await lockedStore(disk);
    expect(await faultFrom(Promise.resolve().then(() => locked.keyedHash('emoji', new Uint8Array())))).toMatchObject({
      code: 'locked',
    });
    expect(store.keyedHash('emoji', new Uint8Array([1]))).toMatch(/^[\w-]{22}$/);
  });
});

describe('a byte order mark at the start of a text', () => {
  const mark = '\ufeff';

  it.each([
    ['a short one', `${mark}hello`],
    ['the mark alone', mark],
    ['one kept beside its row', mark + 'long '.repeat(10_000)],
  ])('is a part of %s', async (_what, content) => {
    const store = await unlockedStore();
    await meetAna(store);
    await readyForText(content.length * 3);
    await store.tx('rw', messageTables, () => addMessage(store, messageRow('ana', 'marked', 1, { content })));
    expect((await messageById(store, message('marked')))?.content).toBe(content);
  });

  it('is a part of one packed in a block, and of a name, a key and a nested value', async () => {
    const store = await unlockedStore();
    await meetAna(store);
    const rows = Array.from({ length: TAIL + 64 }, (_, i) => messageRow('ana', `m${i}`, i, { content: `${mark}${i}` }));
    await importMessages(
      store,
      conversation('ana'),
      rows.map((row) => ({ row: { ...row, metadata: { [mark]: [mark] } }, ...nothingHangs() })),
    );
    expect(await store.messagesArchive.count()).toBeGreaterThan(0);
    const found = await messageById(store, message('m3'));
    expect(found).toMatchObject({ content: `${mark}3`, metadata: { [mark]: [mark] } });
    await store.users.add(user('bo', { displayName: `${mark}Bo`, customFields: { [mark]: `${mark}x` } }));
    expect(await store.users.get(account('bo'))).toMatchObject({
      displayName: `${mark}Bo`,
      customFields: { [mark]: `${mark}x` },
    });
  });
});
