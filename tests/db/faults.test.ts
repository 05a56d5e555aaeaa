import { Dexie } from 'dexie';
import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../src/lib/core/result.ts';
import { groupFromJson } from '../../src/lib/db/groupModels.ts';
import { addMember } from '../../src/lib/db/members.ts';
import { tableNames } from '../../src/lib/db/schema.ts';
import { openStore, type StorageCode, type Store } from '../../src/lib/db/store.ts';
import { updateUser } from '../../src/lib/db/users.ts';
import { lockedStore, newDisk, unlockedStore } from './disks.ts';
import {
  account,
  conversationRow,
  countingRandom,
  faultFrom,
  group,
  groupRow,
  meetAna,
  memberRow,
  messageRow,
  NOW,
  standingClock,
  user,
} from './fixtures.ts';
import { onDisk } from './samples.ts';

let disk: ReturnType<typeof newDisk>;
let store: Store;
beforeEach(async () => {
  disk = newDisk();
  store = await unlockedStore(disk);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The browser's own refusal of a write, by its name. */
const writesFail = (name: string) =>
  vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
    throw new DOMException('the browser says no', name);
  });

const addAna = () => store.users.add(user('ana'));
const opening = (indexedDB: IDBFactory) =>
  openStore({ name: 'cairn', clock: standingClock(), random: countingRandom(), indexedDB, IDBKeyRange });

/** The storage errors of the source documents, each by a way that really leads to it. */
const ways: [StorageCode, retry: string, how: string, work: () => PromiseLike<unknown>][] = [
  [
    'storage-connection',
    'now',
    'the connection was closed',
    () => (store.close(), store.tx('rw', ['users'], () => Promise.resolve(addAna()))),
  ],
  ['storage-connection', 'now', 'the browser lost the disk', () => (writesFail('UnknownError'), addAna())],
  [
    'storage-query',
    'never',
    'a transaction over a table that is not there',
    () => store.tx('r', ['nowhere' as never], () => Promise.resolve()),
  ],
  ['not-found', 'never', 'a change of somebody unknown', () => updateUser(store, account('x'), {}, NOW)],
  ['duplicate', 'never', 'the same person again', () => addAna().then(addAna)],
  ['validation', 'never', 'a role there is not', () => store.users.add(user('ana', { role: 'king' as never }))],
  ['serialisation', 'never', 'a value that cannot be copied', () => store.relayLogin.add(withFunction as never)],
  ['constraint', 'never', 'a member of no group', () => addMember(store, memberRow('hike', 'ana'), NOW)],
  ['timeout', 'now', 'the browser gave up waiting', () => (writesFail('TimeoutError'), addAna())],
  ['storage-full', 'person', 'no room on the device', () => (writesFail('QuotaExceededError'), addAna())],
  ['unsupported', 'never', 'a browser without a database', () => noFactory()],
  ['locked', 'person', 'a name while locked', async () => (await lockedStore(disk)).users.add(user('ana'))],
  ['sealed-value-damaged', 'never', 'a value cut short', () => damaged()],
  ['store-newer', 'person', 'a store of a newer app', () => newer()],
];

const withFunction = {
  id: 'self',
  accountId: account('ana'),
  deviceId: 'd',
  loginKey: { sign: () => undefined },
  registeredCertificate: new Uint8Array(),
  relayOrigin: '',
};

async function noFactory(): Promise<unknown> {
  const { indexedDB } = Dexie.dependencies;
  Dexie.dependencies.indexedDB = undefined as never;
  try {
    return await opening(undefined as never);
  } finally {
    Dexie.dependencies.indexedDB = indexedDB;
  }
}

async function damaged(): Promise<unknown> {
  await addAna();
  const row = await onDisk(
    disk.indexedDB,
    'users',
    'readonly',
    (rows) => rows.get(account('ana')) as IDBRequest<object>,
  );
  await onDisk(disk.indexedDB, 'users', 'readwrite', (rows) => rows.put({ ...row, $sealed: new Uint8Array(3) }));
  return store.users.get(account('ana'));
}

async function newer(): Promise<unknown> {
  const factory = new IDBFactory();
  await new Promise((resolve, reject) => {
    const request = factory.open('cairn', 9_990);
    request.onsuccess = () => resolve(request.result.close());
    request.onerror = () => reject(request.error ?? new Error('open'));
  });
  return opening(factory);
}

describe('every storage error can be met, is typed and says what helps', () => {
  it.each(ways)('%s (%s): %s', async (code, retry, _how, work) => {
    const fault = await faultFrom(Promise.resolve().then(work));
    expect(fault).toMatchObject({ code, retry });
  });

  it('no room is told also where a transaction was written in, and nothing of it stays', async () => {
    const add = IDBObjectStore.prototype.add;
    let room = 2;
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(function (this: IDBObjectStore, ...args) {
      if (room-- === 0) throw new DOMException('full', 'QuotaExceededError');
      return add.apply(this, args);
    });
    const work = store.tx('rw', ['users'], async () => {
      for (const name of ['ana', 'bo', 'cy']) await store.users.add(user(name));
    });
    expect(await faultFrom(work)).toMatchObject({ code: 'storage-full' });
    vi.restoreAllMocks();
    expect(await store.users.count()).toBe(0);
    await addAna();
  });

  it('what is no storage error is a bug, and goes on as it was thrown', async () => {
    const bug = new RangeError('a bug');
    await expect(settle(store.tx('rw', ['users'], () => Promise.reject(bug)))).rejects.toBe(bug);
  });
});

describe('what is refused leaves nothing behind', () => {
  beforeEach(async () => {
    await meetAna(store);
    await store.groups.bulkAdd([groupRow('hike'), groupRow('choir')]);
    await store.groupMembers.add(memberRow('choir', 'ana'));
    await store.groupMembers.bulkAdd(Array.from({ length: 100 }, (_, i) => memberRow('hike', `member ${i}`)));
    await store.messages.add(messageRow('ana', 'first', 1));
  });

  const text = (content: string) => store.messages.add(messageRow('ana', 'large', 2, { content }));
  const refusals: [how: string, code: StorageCode, field: string, work: () => PromiseLike<unknown>][] = [
    ['the 101st member of 100', 'constraint', 'maxMembers', () => addMember(store, memberRow('hike', 'late'), NOW)],
    ['a member twice', 'duplicate', '', () => store.groupMembers.add(memberRow('choir', 'ana', { publicKey: 'x' }))],
    ['a message of 1 MiB and a byte', 'constraint', 'content-size', () => text('x'.repeat(1024 * 1024 + 1))],
    ['a message of 1 MiB and a byte in UTF-8', 'constraint', 'content-size', () => text('é'.repeat(512 * 1024) + 'x')],
    [
      'an edit dated before its message',
      'constraint',
      'edited-after-sent',
      () => store.messages.toCollection().modify((row) => void (row.editedAt = row.timestamp - 1)),
    ],
    [
      'a tombstone with content',
      'constraint',
      'tombstone-without-content',
      () => store.messages.toCollection().modify({ isDeleted: true }),
    ],
    [
      'an unknown kind',
      'validation',
      'kind',
      () => store.conversations.add(conversationRow('x', { kind: 'party' as never })),
    ],
    [
      'a conversation with both contact and group',
      'constraint',
      'one-of-contact-and-group',
      () => store.conversations.add(conversationRow('x', { contactId: account('ana'), groupId: group('hike') })),
    ],
    [
      'a group for 1,001',
      'constraint',
      'member-limit',
      () => store.groups.add(groupRow('crowd', { maxMembers: 1001 })),
    ],
  ];

  it.each(refusals)('%s', async (_how, code, field, work) => {
    const before = await snapshot();
    const fault = await faultFrom(work());
    expect(fault).toMatchObject(field === '' ? { code } : { code, field });
    // The same inside a transaction takes along what was written before it.
    const together = store.tx('rw', tableNames, async () => {
      await store.users.add(user('before'));
      await work();
    });
    expect((await faultFrom(together)).code).toBe(code);
    expect(await snapshot()).toEqual(before);
  });

  it('1 MiB exactly is taken', async () => {
    await text('x'.repeat(1024 * 1024));
    expect(await store.messages.count()).toBe(2);
  });

  const snapshot = async () =>
    Promise.all(
      tableNames.map(async (table) => [table, await (store[table] as { toArray(): PromiseLike<unknown[]> }).toArray()]),
    );
});

it('a text that is no group is told apart from one that breaks its rules', () => {
  expect(groupFromJson('nonsense')).toMatchObject({ ok: false, error: { code: 'serialisation' } });
  expect(groupFromJson('{}')).toMatchObject({ ok: false, error: { code: 'validation' } });
});
