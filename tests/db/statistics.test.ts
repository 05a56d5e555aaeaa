import { IDBCursor, IDBIndex, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addMember, removeMember } from '../../src/lib/db/members.ts';
import { deactivateRoom } from '../../src/lib/db/rooms.ts';
import {
  largestGroups,
  memberGrowth,
  memberStatistics,
  peopleGrowth,
  peopleStatistics,
  roomGrowth,
  roomStatistics,
} from '../../src/lib/db/statistics.ts';
import type { Store } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, conversation, conversationRow, group, groupRow, memberRow, NOW, user } from './fixtures.ts';

const DAY = 86_400_000;
let store: Store;
beforeEach(async () => {
  store = await unlockedStore();
});
afterEach(() => vi.restoreAllMocks());

const join = (groupName: string, name: string, more: object = {}) =>
  addMember(store, memberRow(groupName, name, more), NOW);

describe('statistics of rooms', () => {
  beforeEach(async () => {
    await store.groups.bulkAdd([
      groupRow('hike', { groupType: 'public' }),
      groupRow('choir'),
      groupRow('band', { groupType: 'secret' }),
    ]);
    await store.conversations.bulkAdd([
      conversationRow('hike', { kind: 'group', groupId: group('hike'), createdAt: NOW - 3 * DAY }),
      conversationRow('choir', { kind: 'channel', groupId: group('choir'), lastActivity: NOW - DAY }),
      conversationRow('band', { kind: 'group', groupId: group('band'), createdAt: NOW + DAY }),
    ]);
  });

  it('count by kind, by type, in use and lively', async () => {
    await deactivateRoom(store, conversation('band'), NOW);
    expect(await roomStatistics(store, NOW)).toEqual({
      total: 3,
      deactivated: 1,
      active: 2,
      byKind: { direct: 0, group: 2, channel: 1, system: 0, temporary: 0 },
      byGroupType: { public: 1, private: 1, secret: 1 },
    });
  });

  it('tell how many were made in each step of time', async () => {
    expect(await roomGrowth(store, { from: NOW - 3 * DAY, to: NOW + DAY, step: 2 * DAY })).toEqual([
      { from: NOW - 3 * DAY, count: 1 },
      { from: NOW - DAY, count: 1 },
    ]);
    expect(await roomGrowth(store, { from: NOW, to: NOW, step: DAY })).toEqual([]);
  });

  it('rank groups by members, whichever way these come and go', async () => {
    const ranked = async () => (await largestGroups(store, 2)).map((row) => [row.name, row.memberCount]);
    for (const name of ['ana', 'bo', 'cy']) await join('choir', name);
    await join('hike', 'ana');
    expect(await ranked()).toEqual([
      ['choir', 3],
      ['hike', 1],
    ]);
    await store.groupMembers.bulkPut([
      memberRow('hike', 'ana'),
      ...['di', 'ed', 'fo'].map((n) => memberRow('hike', n)),
    ]);
    expect(await ranked()).toEqual([
      ['hike', 4],
      ['choir', 3],
    ]);
    await removeMember(store, group('hike'), account('ana'));
    await store.groupMembers
      .where('[groupId+role]')
      .equals([group('hike'), 'member'])
      .delete();
    expect(await ranked()).toEqual(
      [
        ['choir', 3],
        ['hike', 0],
      ].sort((a, b) => Number(b[1]) - Number(a[1])),
    );
    // What a caller believes about the number changes nothing.
    await store.groups.put(groupRow('band', { memberCount: 99 }));
    await store.groups.update(group('choir'), { memberCount: 0 });
    expect((await ranked())[0]).toEqual(['choir', 3]);
    await store.groupMembers.clear();
    expect((await store.groups.toArray()).map((row) => row.memberCount)).toEqual([0, 0, 0]);
    await store.groups.delete(group('choir'));
    expect(await store.groups.count()).toBe(2);
  });

  it('tell about the members of one group', async () => {
    await join('choir', 'ana', { role: 'owner', lastActive: NOW - 5 });
    await join('choir', 'bo', { lastActive: NOW + 5, joinedAt: NOW + DAY });
    await join('hike', 'bo');
    expect(await memberStatistics(store, group('choir'), NOW)).toEqual({
      total: 2,
      active: 1,
      byRole: { owner: 1, admin: 0, moderator: 0, member: 1, guest: 0 },
    });
    expect(await memberGrowth(store, group('choir'), { from: NOW, to: NOW + 2 * DAY, step: DAY })).toEqual([
      { from: NOW, count: 1 },
      { from: NOW + DAY, count: 1 },
    ]);
  });
});

describe('statistics of people', () => {
  it('count by status, by role, lately here, and in each step of time', async () => {
    await store.users.bulkAdd([
      user('ana', { role: 'admin', lastLogin: NOW }),
      user('bo', { status: 'deactivated', lastLogin: NOW - DAY }),
      user('cy', { createdAt: NOW + DAY }),
    ]);
    expect(await peopleStatistics(store, NOW)).toEqual({
      total: 3,
      active: 1,
      byStatus: { active: 2, deactivated: 1 },
      byRole: { admin: 1, moderator: 0, user: 2, guest: 0 },
    });
    expect((await peopleGrowth(store, { from: NOW, to: NOW + 2 * DAY, step: DAY })).map((one) => one.count)).toEqual([
      2, 1,
    ]);
  });
});

it('reads no row to count', async () => {
  await store.users.add(user('ana'));
  await store.groups.add(groupRow('hike'));
  await join('hike', 'ana');
  await store.conversations.add(conversationRow('hike', { kind: 'group', groupId: group('hike') }));
  const reads = [
    vi.spyOn(IDBObjectStore.prototype, 'get'),
    vi.spyOn(IDBObjectStore.prototype, 'getAll'),
    vi.spyOn(IDBObjectStore.prototype, 'openCursor'),
    vi.spyOn(IDBIndex.prototype, 'getAll'),
    vi.spyOn(IDBIndex.prototype, 'openCursor'),
    vi.spyOn(IDBCursor.prototype, 'continue'),
  ];
  const span = { from: NOW, to: NOW + DAY, step: DAY };
  await roomStatistics(store, 0);
  await peopleStatistics(store, 0);
  await memberStatistics(store, group('hike'), 0);
  await roomGrowth(store, span);
  await peopleGrowth(store, span);
  await memberGrowth(store, group('hike'), span);
  for (const read of reads) expect(read).not.toHaveBeenCalled();
});
