import { beforeEach, describe, expect, it } from 'vitest';
import { sortKeyOf } from '../../src/lib/core/clock.ts';
import { FILE_SETTINGS } from '../../src/lib/db/fileSettings.ts';
import { setSetting } from '../../src/lib/db/settings.ts';
import { emptyFile, type Space, type SpaceFile, type SpaceVersion } from '../../src/lib/domain/space.ts';
import {
  addWorkspace,
  countLiveFiles,
  deletedFiles,
  dropWorkspace,
  fileAt,
  historyOf,
  listWorkspaces,
  liveFiles,
  mergeSpace,
  setWorkspaceConversation,
  transfersOf,
  versionsOf,
  wholeSpace,
  workspaceOf,
  workspaceTables,
} from '../../src/lib/db/workspaces.ts';
import type { Store, WorkspaceRow } from '../../src/lib/db/store.ts';
import { unlockedStore } from './disks.ts';
import { account, contact, conversation, device, faultFrom, NOW, user } from './fixtures.ts';

const ana = account('ana');
const at = (ms: number, from = 'mine') => sortKeyOf({ ms: NOW + ms, count: 0 }, device(from));
const version = (i: string, ms: number, more: Partial<SpaceVersion> = {}): SpaceVersion => ({
  i,
  p: [],
  t: at(ms),
  b: `blob-${i}`,
  k: new Uint8Array(32).fill(1),
  h: new Uint8Array(32).fill(2),
  c: new Uint8Array(32).fill(ms),
  z: ms,
  y: 'text/plain',
  ...more,
});
const file = (f: string, path: string, ms: number, ...v: SpaceVersion[]): SpaceFile => ({
  ...emptyFile(f),
  n: { v: path, t: at(ms) },
  v: v.length > 0 ? v : [version(`v-${f}`, ms)],
});
const piece = (...f: SpaceFile[]): Space => ({ d: {}, f });

let store: Store;
let space: WorkspaceRow;
const begin = (id: string, name = 'Trip') =>
  store.tx('rw', workspaceTables, () => addWorkspace(store, { id, userId: ana, name, at: at(0) }, NOW));
const merge = (given: Space, id = 'w', now = NOW) =>
  store.tx('rw', workspaceTables, () => mergeSpace(store, id, given, now));
const paths = async () => (await liveFiles(store, 'w')).map(({ filePath }) => filePath).sort();

beforeEach(async () => {
  store = await unlockedStore();
  await store.users.add(user('ana'));
  space = await begin('w');
});

describe('a workspace', () => {
  it('stands beside another one of its name, and the one used last comes first', async () => {
    await begin('other', 'trip');
    await store.workspaces.update('w', { lastAccessed: NOW + 1 });
    const rows = await listWorkspaces(store, ana);
    expect(rows.map(({ id, name, path }) => [id, name, path])).toEqual([
      ['w', 'Trip', 'Trip'],
      ['other', 'trip', 'trip (2)'],
    ]);
    expect(await listWorkspaces(store, account('bo'))).toEqual([]);
  });

  it('has the name and the folders that were said last', async () => {
    await merge({ n: { v: 'Hike', t: at(5) }, d: { a: { v: true, t: at(1) }, '../x': { v: true, t: at(1) } }, f: [] });
    await merge({ n: { v: 'Walk', t: at(4) }, d: { a: { v: false, t: at(0) } }, f: [] });
    expect(await workspaceOf(store, 'w')).toMatchObject({
      name: 'Hike',
      settings: { d: { a: { v: true } } },
    });
    expect(Object.keys((await wholeSpace(store, 'w')).d)).toEqual(['a']);
  });

  it('that is the person’s own is gone with every byte when it is dropped', async () => {
    await merge(piece(file('f', 'a.txt', 1)));
    await store.fileChunks.add({ transferId: 'blob-v-f', index: 0, chunk: new Uint8Array(3) });
    await dropWorkspace(store, 'w', NOW);
    for (const table of ['workspaces', 'fileSyncState', 'fileVersions', 'fileTransfers', 'fileChunks'] as const)
      expect(await store[table].count()).toBe(0);
    expect((await faultFrom(workspaceOf(store, 'w'))).code).toBe('not-found');
  });

  it('that is shared does not come back by what others go on saying', async () => {
    await store.users.add(user('bo'));
    await store.contacts.add(contact('bo'));
    await store.conversations.add({
      id: conversation('c'),
      kind: 'direct',
      contactId: account('bo'),
      title: 'Bo',
      unreadCount: 0,
      lastReadSortKey: '',
      isPinned: false,
      isMuted: false,
      isArchived: false,
      lastActivity: NOW,
      createdAt: NOW,
      updatedAt: NOW,
    });
    await setWorkspaceConversation(store, 'w', conversation('c'), NOW);
    await merge(piece(file('f', 'a.txt', 1)));
    await dropWorkspace(store, 'w', NOW);
    expect(await merge(piece(file('f', 'a.txt', 1)))).toEqual([]);
    expect(await listWorkspaces(store, ana)).toEqual([]);
    expect(await store.fileSyncState.count()).toBe(0);
    // Its conversation may go before it.
    await store.conversations.delete(conversation('c'));
    expect((await store.workspaces.get('w'))?.conversationId).toBeUndefined();
  });
});

describe('a file', () => {
  it('is asked for at once where it is small, in its current version only', async () => {
    const [first, second, third] = [
      version('v1', 5),
      version('v2', 6, { p: ['v1'] }),
      version('v3', 7, { z: 6_000_000 }),
    ];
    await merge(piece({ ...file('f', 'a.txt', 1, first), v: [first, second] }, file('g', 'b.txt', 1, third)));
    const rows = await store.fileTransfers.bulkGet(['blob-v1', 'blob-v2', 'blob-v3']);
    expect(rows.map((row) => [row?.status, row?.askedAt])).toEqual([
      ['paused', undefined],
      ['pending', NOW],
      ['paused', undefined],
    ]);
  });

  it('keeps all its versions, and what is not here waits to be asked for', async () => {
    await setSetting(store, FILE_SETTINGS, { automatic: 0 }, NOW);
    await merge(piece(file('f', 'notes/a.txt', 1, version('v1', 1))));
    await merge(piece({ ...emptyFile('f'), v: [version('v2', 2, { p: ['v1'] })] }), 'w', NOW + 9);
    const row = await fileAt(store, space, 'NOTES/a.txt');
    expect(row).toMatchObject({ id: 'f', filePath: 'notes/a.txt', fileSize: 2, syncStatus: 'pending', createdAt: NOW });
    expect((await versionsOf(store, 'f')).map(({ version: n, size, deviceId }) => [n, size, deviceId])).toEqual([
      [1, 1, device('mine')],
      [2, 2, device('mine')],
    ]);
    expect(row && historyOf(row).map(({ number, isHead }) => [number, isHead])).toEqual([
      [2, true],
      [1, false],
    ]);
    expect(await store.fileTransfers.get('blob-v2')).toMatchObject({ direction: 'inbound', status: 'paused' });
    expect((await store.fileTransfers.get('blob-v2'))?.askedAt).toBeUndefined();
    expect(await transfersOf(store, 'w')).toEqual(['blob-v1', 'blob-v2']);
  });

  it('is moved, deleted and brought back', async () => {
    await merge(piece(file('f', 'a.txt', 1, version('v1', 1))));
    await merge(piece({ ...emptyFile('f'), n: { v: 'b.txt', t: at(2) } }));
    expect(await paths()).toEqual(['b.txt']);
    await merge(piece({ ...emptyFile('f'), r: ['v1'], d: at(3) }));
    expect(await paths()).toEqual([]);
    expect((await deletedFiles(store, 'w')).map(({ filePath }) => filePath)).toEqual(['b.txt']);
    expect(await countLiveFiles(store, 'w')).toBe(0);
    await merge(piece({ ...emptyFile('f'), v: [version('v2', 4, { p: ['v1'], b: 'blob-v1' })] }));
    expect(await paths()).toEqual(['b.txt']);
  });

  it('that wants the name of another one is shown beside it, everywhere the same, until the name is free', async () => {
    const early = file('early', 'a.txt', 1);
    const late = file('late', 'A.txt', 2);
    const merged = await merge(piece(late));
    expect(merged.map(({ isNewConflict }) => isNewConflict)).toEqual([false]);
    const second = await merge(piece(early));
    expect(second.filter(({ isNewConflict }) => isNewConflict).map(({ row }) => row.id)).toEqual(['late']);
    expect(await paths()).toEqual(['A (late).txt', 'a.txt']);
    const other = await unlockedStore();
    await other.users.add(user('ana'));
    await other.tx('rw', workspaceTables, async () => {
      await addWorkspace(other, { id: 'w', userId: ana, name: 'Trip', at: at(0) }, NOW);
      await mergeSpace(other, 'w', piece(early, late), NOW);
    });
    expect((await liveFiles(other, 'w')).map(({ filePath }) => filePath).sort()).toEqual(await paths());
    await merge(piece({ ...emptyFile('early'), n: { v: 'c.txt', t: at(5) } }));
    expect(await paths()).toEqual(['A.txt', 'c.txt']);
    // Two change places in one go.
    await merge(
      piece(
        { ...emptyFile('early'), n: { v: 'a.txt', t: at(6) } },
        { ...emptyFile('late'), n: { v: 'c.txt', t: at(6) } },
      ),
    );
    expect(await paths()).toEqual(['a.txt', 'c.txt']);
  });

  it('that two changed apart stands in conflict until a version follows both', async () => {
    await merge(piece(file('f', 'a.txt', 1, version('v1', 1))));
    const mine = version('v2', 2, { p: ['v1'] });
    const theirs = version('v3', 3, { p: ['v1'], t: at(3, 'theirs') });
    const merged = await merge(piece({ ...emptyFile('f'), v: [mine, theirs] }));
    expect(merged[0]).toMatchObject({ isNewConflict: true, row: { syncStatus: 'conflict', fileSize: 3 } });
    expect((await merge(piece({ ...emptyFile('f'), v: [mine] })))[0]?.isNewConflict).toBe(false);
    await merge(piece({ ...emptyFile('f'), v: [version('v4', 4, { p: ['v2', 'v3'] })] }));
    expect((await fileAt(store, space, 'a.txt'))?.syncStatus).toBe('pending');
  });

  it('of another workspace, without a path or at one that can’t be, changes nothing', async () => {
    await begin('other', 'Other');
    await merge(piece(file('f', 'a.txt', 1)), 'other');
    await merge(piece(file('f', 'b.txt', 9), file('g', '../b.txt', 1), { ...emptyFile('h'), v: [version('v', 1)] }));
    expect(await paths()).toEqual([]);
    expect((await liveFiles(store, 'other')).map(({ filePath }) => filePath)).toEqual(['a.txt']);
  });

  it('costs what it costs, however many others there are', async () => {
    const many = Array.from({ length: 300 }, (_, i) => file(`f${i}`, `d/${i}.txt`, 1, version(`v${i}`, 1)));
    await merge(piece(...many));
    const merged = await merge(piece({ ...emptyFile('f7'), n: { v: 'd/seven.txt', t: at(2) } }));
    expect(merged.map(({ row }) => row.id)).toEqual(['f7']);
    expect(await countLiveFiles(store, 'w')).toBe(300);
  });
});
