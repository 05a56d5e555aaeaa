import { IDBIndex, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyPackageRef, StreamId } from '../../src/lib/core/ids.ts';
import { declarationOf, tableNames, type TableName } from '../../src/lib/db/schema.ts';
import type { FileTransferRow, KeyPackageRow, MessageChangeRow, Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import {
  account,
  contact,
  conversation,
  conversationRow,
  device,
  deviceRow,
  faultFrom,
  groupRow,
  meetAna,
  memberRow,
  message,
  messageRow,
  NOW,
  sortKey,
  user,
} from './fixtures.ts';
import { keyOf, plant, sampleRow, tableOf } from './samples.ts';

let store: Store;
const id = conversation('ana');

beforeEach(async () => {
  store = await unlockedStore();
});
afterEach(() => vi.restoreAllMocks());

const relations = tableNames.flatMap((table) =>
  declarationOf(table).relations.map((relation) => ({ table, ...relation })),
);

describe.each(relations)('$column of $table, which names a row of $to', ({ table, column, to, target, onDelete }) => {
  const parentOf = async (row: Record<string, unknown>) => {
    const parents = await tableOf(store, to as TableName).toArray();
    return parents.find((parent) => parent[target] === row[column]) ?? {};
  };

  it('is refused where that row is not there', async () => {
    const row = await whole(table, column);
    await deleteRow(to as TableName, await parentOf(row));
    const fault = await faultFrom(tableOf(store, table).put(row));
    expect(fault).toMatchObject({ code: 'constraint', entity: table });
  });

  it(onDelete === 'cascade' ? 'goes when that row is deleted' : 'lets go when that row is deleted', async () => {
    const row = await whole(table, column);
    await deleteRow(to as TableName, await parentOf(row));
    const left = await tableOf(store, table).get(keyOf(table, row));
    if (onDelete === 'cascade') expect(left).toBeUndefined();
    else expect(left).toEqual(Object.fromEntries(Object.entries(row).filter(([name]) => name !== column)));
  });

  async function whole(name: TableName, needed: string): Promise<Record<string, unknown>> {
    let row = await plant(store, name, 1);
    if (name === 'conversations' && needed === 'groupId') {
      await plant(store, 'groups', 1);
      row = { ...row, groupId: sampleRow('groups', 1)['groupId'] };
      delete row['contactId'];
      await deleteRow(name, row);
    }
    if (row[needed] === undefined)
      row = { ...row, [needed]: keyOf(to as TableName, await plant(store, to as TableName, 1)) };
    await tableOf(store, name).put(row);
    return row;
  }

  const deleteRow = (name: TableName, row: Record<string, unknown>) =>
    (store[name] as unknown as { delete(key: unknown): PromiseLike<void> }).delete(keyOf(name, row));
});

describe('deleting a contact', () => {
  beforeEach(async () => {
    await meetAna(store);
    await store.users.add(user('bo'));
    await store.contacts.add(contact('bo'));
    await store.conversations.add(conversationRow('bo', { contactId: account('bo') }));
    await store.messages.bulkAdd([
      messageRow('ana', 'a', 1, { deviceId: device('ana-phone') }),
      messageRow('ana', 'b', 2),
      messageRow('bo', 'c', 3),
    ]);
    const ids = ['a', 'b', 'c'].map(message);
    await store.messageContents.bulkAdd(
      ids.map((messageId) => ({
        messageId,
        content: new Uint8Array(2),
        compressionAlgorithm: 'none' as const,
        compressedSize: 2,
        originalSize: 2,
      })),
    );
    await store.messageChanges.bulkAdd(ids.map((messageId): MessageChangeRow => change(messageId)));
    await store.messageReactions.bulkAdd(
      ids.map((messageId) => ({ messageId, userId: account('bo'), emojiKey: 'k', emoji: '👍', timestamp: NOW })),
    );
    await store.messageReadReceipts.bulkAdd(
      ids.map((messageId) => ({ messageId, userId: account('bo'), readAt: NOW })),
    );
    await store.fileTransfers.add(transfer('ana'));
    await store.fileAttachments.bulkAdd(
      ids.map((messageId) => ({
        id: `file of ${messageId}`,
        messageId,
        transferId: 't',
        name: 'n',
        mimeType: 'm',
        size: 1,
      })),
    );
    await store.messagesArchive.add({
      conversationId: id,
      month: '202601',
      count: 1,
      firstSortKey: sortKey(0),
      lastSortKey: sortKey(0),
      block: new Uint8Array(3),
    });
  });

  const ways: [string, () => PromiseLike<unknown>][] = [
    ['delete', () => store.contacts.delete(account('ana'))],
    ['bulkDelete', () => store.contacts.bulkDelete([account('ana')])],
    ['a range of keys', () => store.contacts.where('contactId').equals(account('ana')).delete()],
    ['a query', () => store.contacts.filter((row) => row.displayName === 'ana').delete()],
    [
      'modify',
      () =>
        store.contacts
          .where(':id')
          .equals(account('ana'))
          .modify((_row, ref) => {
            delete (ref as { value?: unknown }).value;
          }),
    ],
    ['the user it stands on', () => store.users.delete(account('ana'))],
    [
      'a transaction over contacts alone',
      () => store.tx('rw', ['contacts'], () => Promise.resolve(store.contacts.delete(account('ana')))),
    ],
  ];

  it.each(ways)('takes its conversation and all that is in it, by %s', async (_name, remove) => {
    await remove();
    expect(await store.contacts.toCollection().primaryKeys()).toEqual([account('bo')]);
    expect(await store.conversations.toCollection().primaryKeys()).toEqual([conversation('bo')]);
    expect((await store.messages.toArray()).map((row) => row.id)).toEqual([message('c')]);
    for (const table of [
      'messageContents',
      'messageChanges',
      'messageReactions',
      'messageReadReceipts',
      'fileAttachments',
    ] as const) {
      expect((await tableOf(store, table).toArray()).map((row) => row['messageId'])).toEqual([message('c')]);
    }
    expect(await store.messagesArchive.count()).toBe(0);
    const { contactId: _gone, ...kept } = transfer('ana');
    expect(await store.fileTransfers.toArray()).toEqual([kept]);
  });

  it('takes everything when all are cleared', async () => {
    await store.contacts.clear();
    expect(await store.messages.count()).toBe(0);
    expect(await store.fileAttachments.count()).toBe(0);
    expect(await store.fileTransfers.count()).toBe(1);
  });

  it('takes nothing when the transaction is undone', async () => {
    await faultFrom(
      store.tx('rw', ['contacts', 'users'], async () => {
        await store.contacts.delete(account('ana'));
        await store.users.add(user('ana'));
      }),
    );
    expect(await store.messages.count()).toBe(3);
    expect(await store.contacts.count()).toBe(2);
  });
});

describe('every way to write', () => {
  const orphan = messageRow('nobody', 'a', 1);
  const ways: [string, () => PromiseLike<unknown>][] = [
    ['add', () => store.messages.add(orphan)],
    ['put', () => store.messages.put(orphan)],
    ['bulkAdd', () => store.messages.bulkAdd([messageRow('ana', 'b', 2), orphan])],
    ['bulkPut', () => store.messages.bulkPut([messageRow('ana', 'b', 2), orphan])],
    ['update', () => store.messages.update([id, sortKey(9)], { deviceId: device('nobody') })],
    [
      'bulkUpdate',
      () => store.messages.bulkUpdate([{ key: [id, sortKey(9)], changes: { deviceId: device('nobody') } }]),
    ],
    ['upsert', () => store.messages.upsert([id, sortKey(9)], { deviceId: device('nobody') })],
    ['modify', () => store.messages.toCollection().modify({ deviceId: device('nobody') })],
  ];

  it.each(ways)('is held to the relations and writes nothing: %s', async (_name, write) => {
    await meetAna(store);
    await store.messages.add(messageRow('ana', 'there', 9));
    expect(await faultFrom(write())).toMatchObject({ code: 'constraint', entity: 'messages' });
    expect(await store.messages.toArray()).toEqual([messageRow('ana', 'there', 9)]);
  });

  it('does not believe in a row that this transaction has deleted', async () => {
    await meetAna(store);
    const work = store.tx('rw', ['conversations', 'messages'], async () => {
      await store.messages.add(messageRow('ana', 'a', 1));
      await store.conversations.delete(id);
      await store.messages.add(messageRow('ana', 'b', 2));
    });
    expect(await faultFrom(work)).toMatchObject({ code: 'constraint', entity: 'messages', field: 'conversationId' });
  });

  it('does not lose a race inside a transaction', async () => {
    await meetAna(store);
    const work = store.tx('rw', ['conversations', 'messages'], async () => {
      await Promise.all([store.messages.add(messageRow('ana', 'a', 1)), store.conversations.delete(id)]);
    });
    await work;
    expect(await store.messages.count()).toBe(0);
  });

  it('asks once for the parents of a batch', async () => {
    await meetAna(store);
    const gets = vi.spyOn(IDBObjectStore.prototype, 'get');
    const queries = vi.spyOn(IDBIndex.prototype, 'getAllKeys');
    const rows = Array.from({ length: 256 }, (_, i) =>
      messageRow('ana', `m${i}`, i, { deviceId: device('ana-phone') }),
    );
    await store.messages.bulkAdd(rows);
    expect(gets.mock.calls.length + queries.mock.calls.length).toBe(2);

    const receipts = rows.map((row) => ({ messageId: row.id, userId: account('ana'), readAt: NOW }));
    gets.mockClear();
    await store.tx('rw', ['messages', 'messageReadReceipts'], async () => {
      await store.messages.bulkAdd(Array.from({ length: 256 }, (_, i) => messageRow('ana', `n${i}`, 1000 + i)));
      await store.messageReadReceipts.bulkAdd(receipts.map((row, i) => ({ ...row, messageId: message(`n${i}`) })));
    });
    expect(gets.mock.calls.length).toBe(1);
    expect(queries.mock.calls.length).toBe(0);
  });
});

describe('unique columns', () => {
  it('refuse a second row, and the whole batch with it', async () => {
    await meetAna(store);
    await store.messages.add(messageRow('ana', 'a', 1));
    const fault = await faultFrom(store.messages.bulkAdd([messageRow('ana', 'b', 2), messageRow('ana', 'a', 3)]));
    expect(fault).toMatchObject({ code: 'duplicate', entity: 'messages' });
    expect(await store.messages.count()).toBe(1);
  });

  it('cannot be half written by a caller who goes on', async () => {
    await meetAna(store);
    const work = store.tx('rw', ['messages'], async () => {
      await faultFrom(store.messages.bulkAdd([messageRow('ana', 'a', 1), messageRow('ana', 'a', 2)]));
    });
    await faultFrom(work);
    expect(await store.messages.count()).toBe(0);
  });

  it('leave out rows that have no value', async () => {
    await store.users.bulkAdd([user('ana'), user('bo'), user('cy', { handle: 'cy' })]);
    expect(await faultFrom(store.users.add(user('di', { handle: 'cy' })))).toMatchObject({
      code: 'duplicate',
      entity: 'users',
    });
  });

  it('let one key into a group once', async () => {
    await store.groups.bulkAdd([groupRow('hike'), groupRow('choir')]);
    await store.groupMembers.add(memberRow('hike', 'ana'));
    await store.groupMembers.add(memberRow('choir', 'ana'));
    const fault = await faultFrom(store.groupMembers.add(memberRow('hike', 'bo', { publicKey: 'key-ana' })));
    expect(fault).toMatchObject({ code: 'duplicate', entity: 'groupMembers' });
  });
});

describe('rules about what was there before', () => {
  it('a cursor only moves forward', async () => {
    const streamId = 's' as StreamId;
    await store.cursors.put({ streamId, seq: 5, updatedAt: NOW });
    await store.cursors.put({ streamId, seq: 5, updatedAt: NOW + 1 });
    expect(await faultFrom(store.cursors.put({ streamId, seq: 4, updatedAt: NOW }))).toMatchObject({
      code: 'constraint',
      field: 'seq',
    });
    expect(await faultFrom(store.cursors.update(streamId, { seq: 4 }))).toMatchObject({
      code: 'constraint',
      field: 'seq',
    });
  });

  it('a batch that writes a row twice is held to them in turn, and counts it once', async () => {
    const streamId = 's' as StreamId;
    const at = (seq: number) => ({ streamId, seq, updatedAt: NOW });
    await store.cursors.put(at(5));
    expect(await faultFrom(store.cursors.bulkPut([at(9), at(7)]))).toMatchObject({ code: 'constraint', field: 'seq' });
    await store.cursors.bulkPut([at(7), at(9)]);
    expect(await store.cursors.get(streamId)).toMatchObject({ seq: 9 });

    await store.groups.add(groupRow('hike', { maxMembers: 1 }));
    await store.groupMembers.bulkPut([memberRow('hike', 'ana'), memberRow('hike', 'ana', { role: 'owner' })]);
    expect(await store.groupMembers.toArray()).toMatchObject([{ role: 'owner' }]);
    const twice = store.groupMembers.bulkAdd([memberRow('hike', 'ana'), memberRow('hike', 'ana')]);
    expect(await faultFrom(twice)).toMatchObject({ code: 'constraint', field: 'maxMembers' });
  });

  it('a message keeps its id', async () => {
    await meetAna(store);
    await store.messages.add(messageRow('ana', 'a', 1));
    const fault = await faultFrom(store.messages.put(messageRow('ana', 'b', 1)));
    expect(fault).toMatchObject({ code: 'constraint', field: 'id' });
  });

  it('a key package only takes the steps of its life', async () => {
    const row: KeyPackageRow = {
      ref: 'r' as KeyPackageRef,
      status: 'created',
      cipherSuite: 83,
      isLastResort: false,
      notBefore: 1,
      notAfter: 2,
      createdAt: 1,
    };
    await store.keyPackages.add(row);
    expect(await faultFrom(store.keyPackages.update(row.ref, { status: 'spent' }))).toMatchObject({
      code: 'constraint',
      field: 'status',
    });
    await store.keyPackages.update(row.ref, { status: 'uploaded' });
    expect(await faultFrom(store.keyPackages.put(row))).toMatchObject({ code: 'constraint', field: 'status' });
  });

  it('a group takes no more members than it allows', async () => {
    await store.groups.add(groupRow('hike', { maxMembers: 2 }));
    await store.groupMembers.add(memberRow('hike', 'ana'));
    const two = [memberRow('hike', 'bo'), memberRow('hike', 'cy')];
    expect(await faultFrom(store.groupMembers.bulkAdd(two))).toMatchObject({ code: 'constraint', field: 'maxMembers' });
    await store.groupMembers.bulkPut([memberRow('hike', 'ana'), memberRow('hike', 'bo')]);
    expect(await faultFrom(store.groupMembers.put(memberRow('hike', 'cy')))).toMatchObject({
      code: 'constraint',
      field: 'maxMembers',
    });
    expect(await store.groupMembers.count()).toBe(2);
  });
});

describe('a device that goes', () => {
  it('leaves the messages it sent, without its name', async () => {
    await meetAna(store);
    await store.devices.add(deviceRow('ana-tablet', 'ana'));
    await store.messages.add(messageRow('ana', 'a', 1, { deviceId: device('ana-tablet') }));
    await store.devices.delete(device('ana-tablet'));
    expect(await store.messages.toArray()).toEqual([messageRow('ana', 'a', 1)]);
  });
});

const change = (messageId: MessageChangeRow['messageId']): MessageChangeRow => ({
  id: `change of ${messageId}`,
  messageId,
  changeType: 'edit',
  changeData: { text: 'new' },
  deviceId: device('ana-phone'),
  userId: account('ana'),
  timestamp: sortKey(5),
  syncStatus: 'pending',
});

const transfer = (name: string): FileTransferRow => ({
  transferId: 't',
  fileName: 'map.png',
  fileSize: 1,
  contactId: account(name),
  direction: 'inbound',
  status: 'pending',
  progress: 0,
  chunkSize: 1,
  chunksDone: 0,
  createdAt: NOW,
});
