import { beforeEach, describe, expect, it } from 'vitest';
import { createGroup, getGroup } from '../../src/lib/db/groups.ts';
import type { Page, PageRequest } from '../../src/lib/db/page.ts';
import {
  createRoom,
  deactivateRoom,
  deleteRoom,
  getRoom,
  getRoomByName,
  listPublicRooms,
  listRoomsCreatedBy,
  pageOfRooms,
  privacyOf,
  reactivateRoom,
  roomNameExists,
  roomSettings,
  searchRooms,
  updateRoom,
  updateRoomSettings,
} from '../../src/lib/db/rooms.ts';
import type { ConversationRow, GroupRow, Store } from '../../src/lib/db/store.ts';
import { createContact } from '../../src/lib/db/contacts.ts';
import { lockedStore, newDisk, unlockedStore } from './disks.ts';
import {
  account,
  contact,
  conversation,
  conversationRow,
  faultFrom,
  group,
  messageRow,
  NOW,
  user,
} from './fixtures.ts';
import { onDisk } from './samples.ts';

let disk: ReturnType<typeof newDisk>;
let store: Store;

/** A room of a group of the same name. */
async function open(name: string, more: Partial<GroupRow> = {}, room: Partial<ConversationRow> = {}): Promise<void> {
  await createGroup(store, { groupId: group(name), name, ...more }, NOW);
  const row = await createRoom(
    store,
    { id: conversation(name), kind: 'group', title: name, groupId: group(name), ...room },
    NOW,
  );
  expect(row.unreadCount).toBe(0);
}

const titles = (rows: readonly ConversationRow[]): string[] => rows.map((row) => row.title);

beforeEach(async () => {
  disk = newDisk();
  store = await unlockedStore(disk);
});

describe('a room', () => {
  it('is made, read and refused a second time', async () => {
    await open('hike');
    expect(await getRoom(store, conversation('hike'))).toEqual(
      conversationRow('hike', { kind: 'group', groupId: group('hike') }),
    );
    const again = createRoom(
      store,
      { id: conversation('hike'), kind: 'group', title: '', groupId: group('hike') },
      NOW,
    );
    expect(await faultFrom(again)).toMatchObject({ code: 'duplicate', entity: 'conversations' });
    const lost = createRoom(store, { id: conversation('x'), kind: 'group', title: '', groupId: group('x') }, NOW);
    expect(await faultFrom(lost)).toMatchObject({ code: 'constraint', field: 'groupId' });
  });

  it('is for a contact or for a group, never for both and never for neither', async () => {
    await open('hike');
    await store.users.add(user('ana'));
    await createContact(store, contact('ana'), NOW);
    const both = { contactId: account('ana'), groupId: group('hike') };
    for (const more of [both, {}]) {
      const work = createRoom(store, { id: conversation('x'), kind: 'direct', title: 'x', ...more }, NOW);
      expect(await faultFrom(work)).toMatchObject({ code: 'constraint', field: 'one-of-contact-and-group' });
    }
    expect(await getRoom(store, conversation('x'))).toBeUndefined();
    await createRoom(store, { id: conversation('notices'), kind: 'system', title: 'notices' }, NOW);
  });

  it('is found by its name, whatever the case, with no name in clear on disk', async () => {
    await open('Café hike');
    await open('choir', {}, { lastActivity: NOW + 1, title: 'CAFÉ HIKE ' });
    expect((await getRoomByName(store, 'café HIKE'))?.id).toBe(conversation('choir'));
    expect(await getRoomByName(store, 'cafe hike')).toBeUndefined();
    expect(await roomNameExists(store, 'café hike')).toBe(true);
    await updateRoom(store, conversation('choir'), { title: 'choir' }, NOW);
    expect((await getRoomByName(store, 'café hike'))?.id).toBe(conversation('Café hike'));
    expect(await roomNameExists(store, 'café hike', conversation('Café hike'))).toBe(false);
    expect(await roomNameExists(store, 'Choir')).toBe(true);

    const raw = await onDisk(disk.indexedDB, 'conversations', 'readonly', (rows) => rows.getAll());
    expect(raw.map((row: { titleKey: string }) => row.titleKey)).toEqual([
      expect.stringMatching(/^[\w-]{22}$/),
      expect.stringMatching(/^[\w-]{22}$/),
    ]);
    expect(JSON.stringify(raw.map((row: ConversationRow) => ({ ...row, id: '', groupId: '' })))).not.toMatch(
      /hike|choir/i,
    );
    const locked = await lockedStore(disk);
    expect(await faultFrom(getRoomByName(locked, 'choir'))).toMatchObject({ code: 'locked' });
  });

  it('is still found by its name after a locked store wrote it', async () => {
    await open('hike');
    const locked = await lockedStore(disk);
    await locked.conversations.update(conversation('hike'), { unreadCount: 4 });
    expect(await getRoomByName(store, 'hike')).toMatchObject({ title: 'hike', unreadCount: 4 });
  });

  it('is renamed together with its group', async () => {
    await open('hike');
    await updateRoom(store, conversation('hike'), { title: 'long hike', isPinned: true }, NOW + 1);
    expect(await getRoom(store, conversation('hike'))).toMatchObject({ title: 'long hike', isPinned: true });
    expect(await getGroup(store, group('hike'))).toMatchObject({ name: 'long hike', updatedAt: NOW + 1 });
    expect(await faultFrom(updateRoom(store, conversation('x'), {}, NOW))).toMatchObject({ code: 'not-found' });
  });

  it('keeps the settings that were not changed: its group, or its own', async () => {
    await open('hike');
    await createRoom(
      store,
      { id: conversation('notices'), kind: 'system', title: '', metadata: { leaving: true } },
      NOW,
    );
    for (const id of [conversation('hike'), conversation('notices')]) {
      expect(await roomSettings(store, id)).toEqual({});
      await updateRoomSettings(store, id, { slow: 3, topic: 'shoes' }, NOW);
      await updateRoomSettings(store, id, { slow: 4 }, NOW);
      expect(await roomSettings(store, id)).toEqual({ slow: 4, topic: 'shoes' });
    }
    expect((await getGroup(store, group('hike')))?.settings).toEqual({ slow: 4, topic: 'shoes' });
    expect((await getRoom(store, conversation('notices')))?.metadata?.['leaving']).toBe(true);
    expect(await faultFrom(updateRoomSettings(store, conversation('x'), {}, NOW))).toMatchObject({ code: 'not-found' });
  });

  it('is put away with its history, and brought back', async () => {
    await open('hike');
    await store.messages.add(messageRow('hike', 'a', 1));
    await deactivateRoom(store, conversation('hike'), NOW + 1);
    await deactivateRoom(store, conversation('hike'), NOW + 2);
    expect(await getRoom(store, conversation('hike'))).toMatchObject({ deactivatedAt: NOW + 1 });
    expect(await getGroup(store, group('hike'))).toMatchObject({ isActive: false });
    expect(await store.messages.count()).toBe(1);
    expect((await pageOfRooms(store, 'lastActivity', { limit: 9 })).rows).toEqual([]);
    await reactivateRoom(store, conversation('hike'), NOW + 3);
    expect(await getRoom(store, conversation('hike'))).not.toHaveProperty('deactivatedAt');
    expect(await getGroup(store, group('hike'))).toMatchObject({ isActive: true });
    expect(await faultFrom(deactivateRoom(store, conversation('x'), NOW))).toMatchObject({ code: 'not-found' });
  });

  it('goes for good with its group and all that was said', async () => {
    await open('hike');
    await store.messages.add(messageRow('hike', 'a', 1));
    await deleteRoom(store, conversation('hike'));
    expect(await getRoom(store, conversation('hike'))).toBeUndefined();
    expect(await getGroup(store, group('hike'))).toBeUndefined();
    expect(await store.messages.count()).toBe(0);
    expect(await faultFrom(deleteRoom(store, conversation('hike')))).toMatchObject({ code: 'not-found' });
  });

  it('that is temporary says when it ends', async () => {
    await createGroup(store, { groupId: group('hike'), name: 'hike' }, NOW);
    const room = { id: conversation('t'), kind: 'temporary', title: 't', groupId: group('hike') } as const;
    expect(await faultFrom(createRoom(store, room, NOW))).toMatchObject({ field: 'temporary-expires' });
    await createRoom(store, { ...room, expiresAt: NOW + 1 }, NOW);
  });
});

describe('rooms', () => {
  it('are found by who may see them, who made them, and by words', async () => {
    await open('Zebra', { groupType: 'public', createdBy: account('ana'), description: 'Animals of the Zoo' });
    await open('anna', { groupType: 'public', joinRule: 'password' });
    await open('secret', { groupType: 'secret', createdBy: account('ana') });
    await open('gone', { groupType: 'public' });
    await deactivateRoom(store, conversation('gone'), NOW);
    expect(titles(await listPublicRooms(store))).toEqual(['anna', 'Zebra']);
    expect(titles(await listRoomsCreatedBy(store, account('ana')))).toEqual(['secret', 'Zebra']);
    expect(titles(await searchRooms(store, 'ZOO'))).toEqual(['Zebra']);
    expect(titles(await searchRooms(store, 'Ân'))).toEqual(['anna', 'Zebra']);
    expect(titles(await searchRooms(store, 'gone'))).toEqual([]);
    const groups = await store.groups.toArray();
    expect(groups.map((row) => privacyOf(row)).sort()).toEqual(['protected', 'public', 'public', 'secret']);
    expect(privacyOf({ groupType: 'private', joinRule: 'invite' })).toBe('private');
  });

  const ways = ['lastActivity', 'createdAt', 'title'] as const;
  it.each(ways)('are read in pages by %s, forwards and backwards, without losing one of equals', async (order) => {
    // Several share a moment and a name.
    for (let i = 0; i < 11; i++) {
      await createGroup(store, { groupId: group(`${i}`), name: '' }, NOW);
      const row = {
        id: conversation(`${i}`),
        kind: i % 3 === 0 ? 'channel' : 'group',
        groupId: group(`${i}`),
      } as const;
      await createRoom(store, { ...row, title: `room ${i >> 2}`, lastActivity: NOW + (i >> 2) }, NOW + (i >> 2));
    }
    await deactivateRoom(store, conversation('4'), NOW);
    for (const descending of [false, true]) {
      for (const kind of [undefined, 'channel', 'group'] as const) {
        const filter = kind === undefined ? {} : { kind };
        const read = (request: PageRequest) => pageOfRooms(store, order, { descending, ...request }, filter);
        const all = (await read({ limit: 99 })).rows;
        expect(all).toHaveLength(kind === undefined ? 10 : kind === 'channel' ? 4 : 6);
        const onwards = await everyPage(read, undefined, 'after');
        expect(onwards.rows.map((row) => row.id)).toEqual(all.map((row) => row.id));
        const back = await everyPage(read, onwards.last, 'before');
        expect(back.rows.map((row) => row.id)).toEqual(all.slice(0, -1).map((row) => row.id));
        const sorted = all.map((row) => row[order]);
        expect([...sorted].sort()).toEqual(descending ? [...sorted].reverse() : sorted);
      }
    }
  });

  it('that come and go between two pages move no other', async () => {
    for (let i = 0; i < 6; i++) await open(`${i}`, {}, { lastActivity: NOW + i });
    const first = await pageOfRooms(store, 'lastActivity', { limit: 2 });
    await deleteRoom(store, conversation('1'));
    await open('early', {}, { lastActivity: NOW - 1 });
    const second = await pageOfRooms(store, 'lastActivity', { limit: 2, ...(first.last && { after: first.last }) });
    expect(titles(second.rows)).toEqual(['2', '3']);
    expect([second.hasBefore, second.hasAfter]).toEqual([true, true]);
    const none = await pageOfRooms(store, 'lastActivity', { limit: 2, after: { at: NOW + 5, key: conversation('5') } });
    expect(none).toEqual({ rows: [], hasBefore: true, hasAfter: false });
  });
});

/** Walks all pages of three. */
async function everyPage(
  read: (request: PageRequest) => Promise<Page<ConversationRow>>,
  start: Page<ConversationRow>['last'],
  way: 'after' | 'before',
) {
  let rows: ConversationRow[] = [];
  let at = start;
  for (;;) {
    const page: Page<ConversationRow> = await read({ limit: 3, ...(at !== undefined && { [way]: at }) });
    rows = way === 'after' ? [...rows, ...page.rows] : [...page.rows, ...rows];
    expect(way === 'after' ? page.hasBefore : page.hasAfter).toBe(at !== undefined);
    at = way === 'after' ? page.last : page.first;
    if (!(way === 'after' ? page.hasAfter : page.hasBefore)) return { rows, last: page.last };
  }
}
