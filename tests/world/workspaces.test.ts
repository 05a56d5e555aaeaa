import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/lib/core/ids.ts';
import { unwrap } from '../../src/lib/core/result.ts';
import type { DiskFile, DiskFolder, WorkspaceItem, WorkspaceView } from '../../src/lib/services/client.ts';
import { accountOf, must, onDemand, PASSPHRASE, until, world, type Person, type World } from './world.ts';

let w: World;
afterEach(() => w.close());

const text = (content: string) => new Blob([content], { type: 'text/plain' });
const once = <T>(watch: (show: (value: T) => void) => unknown): Promise<T> =>
  new Promise((resolve) => void watch(resolve));
const view = async (person: Person, id: string): Promise<WorkspaceView> => {
  const seen = await once<WorkspaceView | undefined>((show) => person.client.watchWorkspace(id, show));
  if (seen === undefined) throw new Error(`${person.name} has no workspace ${id}`);
  return seen;
};
const spaces = (person: Person) => once<readonly WorkspaceItem[]>((show) => person.client.watchWorkspaces(show));
const paths = async (person: Person, id: string) => (await view(person, id)).files.map(({ path }) => path);
const fileId = async (person: Person, id: string, path: string): Promise<string> => {
  const found = (await view(person, id)).files.find((file) => file.path === path);
  if (found === undefined) throw new Error(`no ${path}: ${(await paths(person, id)).join()}`);
  return found.id;
};
const read = async (person: Person, id: string, path: string): Promise<string> =>
  (await must(person.client.openWorkspaceFile(await fileId(person, id, path)))).text();
const add = (person: Person, id: string, files: Record<string, string>) =>
  must(
    person.client.addToWorkspace(
      id,
      '',
      Object.entries(files).map(([path, content]) => ({ path, blob: text(content) })),
    ),
  );

/** Everybody has merged what came, and uploaded what is theirs. */
async function settled(...people: Person[]): Promise<void> {
  await w.settle();
  for (const { store } of people)
    await until(store, async () => {
      const operations = await store.syncOperations.toArray();
      const transfers = await store.fileTransfers.toArray();
      return (
        operations.every(({ operationType, status }) => operationType !== 'pull' || status !== 'pending') &&
        transfers.every(({ direction, status }) => direction === 'inbound' || status === 'completed')
      );
    });
}

async function alone(): Promise<{ ana: Person; id: string }> {
  w = await world();
  const ana = await w.person('Ana');
  await w.settle();
  return { ana, id: await must(ana.client.createWorkspace('Trip')) };
}

async function together(): Promise<{ ana: Person; bo: Person; chat: ConversationId; id: string }> {
  w = await world();
  const [ana, bo] = [await w.person('Ana'), await w.person('Bo')];
  await ana.knows(bo);
  await onDemand(bo);
  await w.settle();
  const chat = await must(ana.client.createGroup({ name: 'Hike', people: [await accountOf(bo)] }));
  await w.settle();
  const id = await must(ana.client.createWorkspace('Trip', chat));
  await settled(ana, bo);
  return { ana, bo, chat, id };
}

describe('a workspace of one’s own', () => {
  it('works without any network, survives a restart, and holds nothing in clear', async () => {
    const { ana, id } = await alone();
    ana.network.isUp = false;
    const before = ana.network.sent.length;
    expect(await add(ana, id, { 'notes/first.txt': 'a secret plan', 'b.txt': 'two' })).toBe(2);
    await must(ana.client.createFolder(id, 'empty'));
    unwrap(await (await ana.restart()).unlock(PASSPHRASE));
    expect(await view(ana, id)).toMatchObject({
      name: 'Trip',
      folders: ['empty', 'notes'],
      files: [
        { path: 'b.txt', size: 3, type: 'text/plain', state: 'here', versions: 1 },
        { path: 'notes/first.txt', size: 13 },
      ],
    });
    expect(await read(ana, id, 'notes/first.txt')).toBe('a secret plan');
    for (const { chunk } of await ana.store.fileChunks.toArray())
      expect(Buffer.from(chunk).includes('secret plan')).toBe(false);
    ana.network.isUp = true;
    await w.settle();
    expect(ana.network.sent.slice(before).filter(({ path }) => path.includes('blobs'))).toEqual([]);
  });

  it('keeps every version, and brings back any of them', async () => {
    const { ana, id } = await alone();
    await add(ana, id, { 'a.txt': 'one' });
    const file = await fileId(ana, id, 'a.txt');
    w.clock.advance(1_000);
    await must(ana.client.writeFile(file, text('two')));
    expect(await add(ana, id, { 'a.txt': 'two' })).toBe(0);
    const history = await must(ana.client.fileHistory(file));
    expect(history.map(({ number, isCurrent, by }) => [number, isCurrent, by])).toEqual([
      [2, true, ''],
      [1, false, ''],
    ]);
    expect(await (await must(ana.client.openWorkspaceFile(file, history[1]?.id))).text()).toBe('one');
    await must(ana.client.restoreVersion(file, history[1]?.id ?? ''));
    expect(await read(ana, id, 'a.txt')).toBe('one');
    expect((await must(ana.client.fileHistory(file))).length).toBe(3);
  });

  it('has its files and folders moved, deleted and restored', async () => {
    const { ana, id } = await alone();
    await add(ana, id, { 'a/x.txt': 'x', 'a/b/y.txt': 'y', 'z.txt': 'z' });
    await must(ana.client.moveFolder(id, 'a', 'c/a'));
    expect(await paths(ana, id)).toEqual(['c/a/b/y.txt', 'c/a/x.txt', 'z.txt']);
    expect(await ana.client.moveFolder(id, 'c', 'c/d')).toMatchObject({ error: { code: 'bad-path' } });
    const z = await fileId(ana, id, 'z.txt');
    await must(ana.client.moveFile(z, 'c/last.txt'));
    expect(await ana.client.moveFile(z, '../out')).toMatchObject({ error: { code: 'bad-path' } });
    await must(ana.client.removeFolder(id, 'c/a'));
    expect(await paths(ana, id)).toEqual(['c/last.txt']);
    const { deleted } = await view(ana, id);
    expect(deleted.map(({ path }) => path).sort()).toEqual(['c/a/b/y.txt', 'c/a/x.txt']);
    await must(ana.client.restoreFile(deleted.find(({ path }) => path.endsWith('x.txt'))?.id ?? ''));
    expect(await read(ana, id, 'c/a/x.txt')).toBe('x');
    await must(ana.client.renameWorkspace(id, 'Journey'));
    expect((await view(ana, id)).name).toBe('Journey');
  });

  it('goes into a zip and comes out of one', async () => {
    const { ana, id } = await alone();
    const large = 'line of text\n'.repeat(40_000);
    await add(ana, id, { 'notes/größe.txt': large, 'b.txt': '' });
    const zip = await must(ana.client.exportZip(id));
    expect(zip.size).toBeLessThan(large.length / 4);
    const other = await must(ana.client.createWorkspace('Copy'));
    expect(await must(ana.client.importZip(other, 'from', zip))).toBe(2);
    expect(await paths(ana, other)).toEqual(['from/b.txt', 'from/notes/größe.txt']);
    expect((await read(ana, other, 'from/notes/größe.txt')) === large).toBe(true);
    expect(await must(ana.client.importZip(other, 'from', zip))).toBe(0);
    expect(await ana.client.importZip(other, '', text('hello there'))).toMatchObject({ error: { code: 'not-a-zip' } });
  });

  it('finds files by their names and by their text', async () => {
    const { ana, id } = await alone();
    await add(ana, id, { 'Café.txt': 'nothing here', 'list.txt': 'milk,\nbread and a TENT for two', 'c.bin': 'tent' });
    const hits = await must(ana.client.searchWorkspace(id, 'tent bread'));
    expect(hits.map(({ file, snippet }) => [file.path, snippet])).toEqual([
      ['list.txt', 'milk, bread and a TENT for two'],
    ]);
    expect((await must(ana.client.searchWorkspace(id, 'cafe'))).map(({ file }) => file.path)).toEqual(['Café.txt']);
  });

  it('is gone with every byte once it is dropped', async () => {
    const { ana, id } = await alone();
    await add(ana, id, { 'a.txt': 'one' });
    await must(ana.client.dropWorkspace(id));
    expect(await spaces(ana)).toEqual([]);
    expect(await ana.store.fileChunks.count()).toBe(0);
    expect(await ana.client.createFolder(id, 'x')).toMatchObject({ error: { code: 'not-found' } });
  });
});

describe('a shared workspace', () => {
  it('has the same files for everybody, whose bytes are fetched when they are opened', async () => {
    const { ana, bo, id } = await together();
    await add(ana, id, { 'plan.txt': 'up the hill' });
    await settled(ana, bo);
    expect(await spaces(bo)).toMatchObject([{ id, name: 'Trip', files: 1, conversation: { title: 'Hike' } }]);
    expect((await view(bo, id)).files).toMatchObject([{ path: 'plan.txt', state: 'absent' }]);
    expect(await read(bo, id, 'plan.txt')).toBe('up the hill');
    expect((await view(bo, id)).files[0]?.state).toBe('here');
    await must(bo.client.writeFile(await fileId(bo, id, 'plan.txt'), text('down again')));
    await settled(ana, bo);
    expect(await read(ana, id, 'plan.txt')).toBe('down again');
    const [last] = await must(ana.client.fileHistory(await fileId(ana, id, 'plan.txt')));
    expect(last).toMatchObject({ by: 'Bo', isThisDevice: false });
    const piece = 'up the hill';
    for (const { body } of [...ana.network.sent, ...bo.network.sent])
      expect(Buffer.from(body).includes(piece)).toBe(false);
  });

  it('that was somebody’s own comes whole to the conversation it is given to', async () => {
    const { ana, bo, chat } = await together();
    const own = await must(ana.client.createWorkspace('Photos'));
    await add(ana, own, { 'a/1.txt': 'first', 'b.txt': 'second' });
    await must(ana.client.createFolder(own, 'later'));
    await settled(ana, bo);
    expect((await spaces(bo)).map(({ name }) => name)).toEqual(['Trip']);
    await must(ana.client.shareWorkspace(own, chat));
    await settled(ana, bo);
    expect((await view(bo, own)).folders).toEqual(['a', 'later']);
    expect(await read(bo, own, 'a/1.txt')).toBe('first');
    expect(await ana.client.shareWorkspace(own, chat)).toMatchObject({ error: { code: 'already-shared' } });
  });

  it.each(['local', 'remote', 'both'] as const)(
    'keeps what two wrote apart while offline, until somebody chooses %s',
    async (choice) => {
      const { ana, bo, id } = await together();
      await add(ana, id, { 'plan.txt': 'draft' });
      await settled(ana, bo);
      ana.network.isUp = bo.network.isUp = false;
      await must(ana.client.writeFile(await fileId(ana, id, 'plan.txt'), text('by Ana')));
      w.clock.advance(60_000);
      await must(bo.client.writeFile(await fileId(bo, id, 'plan.txt'), text('by Bo')));
      ana.network.isUp = bo.network.isUp = true;
      await settled(ana, bo);
      for (const person of [ana, bo]) {
        expect((await view(person, id)).files).toMatchObject([{ path: 'plan.txt', state: 'conflict' }]);
        expect((await spaces(person))[0]?.conflicts).toBe(1);
        const records = await person.store.syncOperations.where('resourceType').equals('file').toArray();
        expect(records.map(({ operationType, status }) => [operationType, status])).toEqual([['merge', 'pending']]);
      }
      await must(ana.client.resolveConflict(await fileId(ana, id, 'plan.txt'), choice));
      await settled(ana, bo);
      const contents = async (person: Person) =>
        Promise.all((await paths(person, id)).map((path) => read(person, id, path)));
      const expected = { local: ['by Ana'], remote: ['by Bo'], both: ['by Ana', 'by Bo'] }[choice];
      for (const person of [ana, bo]) {
        expect((await contents(person)).sort()).toEqual(expected);
        expect((await view(person, id)).files.every(({ state }) => state === 'here')).toBe(true);
        const records = await person.store.syncOperations.where('resourceType').equals('file').toArray();
        expect(records.map(({ operationType, status }) => [operationType, status])).toEqual([['resolve', 'done']]);
      }
    },
  );

  it('has both of two files that two made at one path, under the same names for both', async () => {
    const { ana, bo, id } = await together();
    ana.network.isUp = bo.network.isUp = false;
    await add(ana, id, { 'a.txt': 'by Ana' });
    w.clock.advance(1_000);
    await add(bo, id, { 'a.txt': 'by Bo' });
    ana.network.isUp = bo.network.isUp = true;
    await settled(ana, bo);
    expect(await paths(ana, id)).toEqual(await paths(bo, id));
    expect((await paths(ana, id)).length).toBe(2);
    expect(await read(bo, id, 'a.txt')).toBe('by Ana');
  });

  it('brings a file back that one deleted while another changed it', async () => {
    const { ana, bo, id } = await together();
    await add(ana, id, { 'a.txt': 'draft' });
    await settled(ana, bo);
    ana.network.isUp = bo.network.isUp = false;
    await must(ana.client.removeFiles([await fileId(ana, id, 'a.txt')]));
    await must(bo.client.writeFile(await fileId(bo, id, 'a.txt'), text('worth keeping')));
    ana.network.isUp = bo.network.isUp = true;
    await settled(ana, bo);
    for (const person of [ana, bo]) expect(await read(person, id, 'a.txt')).toBe('worth keeping');
  });

  it('is kept out of by whoever is not in its conversation, and is not pulled into another one', async () => {
    const { ana, bo, chat, id } = await together();
    await bo.knows(ana);
    const direct = await must(bo.client.openDirect(await accountOf(ana)));
    await settled(ana, bo);
    await bo.store.workspaces.update(id, { conversationId: direct });
    await must(bo.client.createFolder(id, 'smuggled'));
    await settled(ana, bo);
    expect((await view(ana, id)).folders).toEqual([]);
    expect(await ana.store.syncOperations.filter(({ status }) => status === 'failed').count()).toBe(1);
    await must(ana.client.removePerson(chat, await accountOf(bo)));
    await settled(ana, bo);
    await bo.store.workspaces.update(id, { conversationId: chat });
    expect(await bo.client.createFolder(id, 'x')).toMatchObject({ error: { code: 'not-a-member' } });
  });
});

/** A folder of a disk, in memory. */
function diskFolder(name = ''): DiskFolder & { readonly at: Map<string, Held> } {
  const at = new Map<string, Held>();
  const folder: DiskFolder & { readonly at: Map<string, Held> } = {
    kind: 'directory',
    name,
    at,
    async *entries() {
      for (const entry of at) yield await Promise.resolve(entry);
    },
    getDirectoryHandle(child, options) {
      const known = at.get(child);
      const next = known ?? (options?.create === true ? diskFolder(child) : undefined);
      if (next?.kind !== 'directory') return Promise.reject(new DOMException('', 'NotFoundError'));
      at.set(child, next);
      return Promise.resolve(next);
    },
    getFileHandle(child) {
      const known = at.get(child);
      const next = known?.kind === 'file' ? known : diskFile(child, '');
      at.set(child, next);
      return Promise.resolve(next);
    },
    removeEntry(child) {
      at.delete(child);
      return Promise.resolve();
    },
  };
  return folder;
}
type Held = (DiskFolder & { readonly at: Map<string, Held> }) | (DiskFile & { content: Blob; reads: number });

let writtenAt = 0;
function diskFile(name: string, content: string): DiskFile & { content: Blob; reads: number } {
  const file = {
    kind: 'file' as const,
    name,
    content: new File([content], name, { lastModified: ++writtenAt }) as Blob,
    reads: 0,
    getFile: () => Promise.resolve(file.content),
    createWritable: () =>
      Promise.resolve({
        write(data: Blob) {
          file.content = new File([data], name, { lastModified: ++writtenAt });
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      }),
  };
  return file;
}

async function contentOf(folder: DiskFolder, at = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const [name, entry] of folder.entries())
    if (entry.kind === 'directory') Object.assign(found, await contentOf(entry, `${at}${name}/`));
    else found[`${at}${name}`] = await (await entry.getFile()).text();
  return found;
}

describe('a folder of the disk', () => {
  it('becomes the same as its workspace, both ways, and what both changed is kept twice', async () => {
    const { ana, id } = await alone();
    const disk = diskFolder();
    disk.at.set('a.txt', diskFile('a.txt', 'disk'));
    await add(ana, id, { 'deep/b.txt': 'space' });
    expect(await must(ana.client.syncFolder(id, disk))).toEqual({ taken: 1, written: 1, conflicts: 0 });
    expect(await contentOf(disk)).toEqual({ 'a.txt': 'disk', 'deep/b.txt': 'space' });
    expect(await must(ana.client.syncFolder(id, disk))).toEqual({ taken: 0, written: 0, conflicts: 0 });

    disk.at.set('a.txt', diskFile('a.txt', 'disk, again'));
    await must(ana.client.writeFile(await fileId(ana, id, 'deep/b.txt'), text('space, again')));
    expect(await must(ana.client.syncFolder(id, disk))).toEqual({ taken: 1, written: 1, conflicts: 0 });
    expect(await read(ana, id, 'a.txt')).toBe('disk, again');
    expect((await contentOf(disk))['deep/b.txt']).toBe('space, again');

    disk.at.set('a.txt', diskFile('a.txt', 'disk apart'));
    await must(ana.client.writeFile(await fileId(ana, id, 'a.txt'), text('space apart')));
    expect(await must(ana.client.syncFolder(id, disk))).toEqual({ taken: 1, written: 0, conflicts: 1 });
    const heads = (await must(ana.client.fileHistory(await fileId(ana, id, 'a.txt')))).filter((one) => one.isCurrent);
    const texts = await Promise.all(
      heads.map(async (head) => {
        const file = await fileId(ana, id, 'a.txt');
        return (await must(ana.client.openWorkspaceFile(file, head.id))).text();
      }),
    );
    expect(texts.sort()).toEqual(['disk apart', 'space apart']);

    await must(ana.client.removeFiles([await fileId(ana, id, 'deep/b.txt')]));
    disk.at.delete('a.txt');
    await must(ana.client.resolveConflict(await fileId(ana, id, 'a.txt'), 'local'));
    await must(ana.client.syncFolder(id, disk));
    expect(Object.keys(await contentOf(disk))).toEqual(['a.txt']);
    disk.at.delete('a.txt');
    await must(ana.client.syncFolder(id, disk));
    expect(await paths(ana, id)).toEqual([]);
    expect((await view(ana, id)).deleted.length).toBe(2);
  });

  it('that refuses says so', async () => {
    const { ana, id } = await alone();
    const disk = {
      ...diskFolder(),
      entries: () => {
        throw new DOMException('', 'NotAllowedError');
      },
    };
    expect(await ana.client.syncFolder(id, disk)).toMatchObject({ error: { code: 'folder-refused' } });
  });
});
