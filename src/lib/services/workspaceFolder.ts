import { err, refuse, settle, unwrap, type Fault, type Result } from '../core/result.ts';
import type { FileSyncStateRow, Store } from '../db/store.ts';
import { deletedFiles, liveFiles, workspaceOf } from '../db/workspaces.ts';
import { currentOf, emptyFile, sameBytes, type SpaceVersion } from '../domain/space.ts';
import { cleanPath, folderOf, nameOf } from '../domain/spacePaths.ts';
import type { Session } from '../sync/session.ts';
import { hashOfBlob } from './fileBytes.ts';
import { openVersion, storeIncoming, takeIn, type Incoming } from './workspaceFiles.ts';
import { removeFiles } from './workspaces.ts';
import type { DiskFile, DiskFolder, FolderReport } from './workspacesClient.ts';

/**
 * A workspace and a folder of the disk, made the same. What was last the same on both sides is remembered with each
 * file, so that it is known which side changed: what one side changed goes to the other, and what both changed stands
 * in conflict until a person chooses.
 */

const MOST_FILES = 20_000;

/** Refused: `not-found`, `not-a-member`, `too-many-in-workspace`, `too-large`, `folder-refused`, and as opening a file. */
export async function syncFolder(session: Session, id: string, folder: DiskFolder): Promise<Result<FolderReport>> {
  const work = session.locks.run(`folder ${id}`, () => settle(() => sync(session, id, folder)));
  return work.catch((thrown: unknown) => {
    // What the disk refuses comes as a `DOMException`; anything else is a bug.
    if (!(thrown instanceof DOMException)) throw thrown;
    return err({ code: 'folder-refused', retry: 'person', detail: thrown.name });
  });
}

async function sync(session: Session, id: string, folder: DiskFolder): Promise<FolderReport> {
  const { store } = session;
  const workspace = await workspaceOf(store, id);
  const disk = new Map<string, DiskFile>();
  for await (const [path, file] of filesOf(folder, '')) {
    disk.set(path, file);
    if (disk.size > MOST_FILES) refuse(TOO_MANY);
  }
  const live = await liveFiles(store, id);
  const rows = new Map(live.map((row) => [row.filePath, row]));
  const moved = live.filter(({ filePath, metadata }) => metadata?.onDisk?.path !== filePath);
  const left = new Map(
    [...(await deletedFiles(store, id)), ...moved].flatMap((row) => {
      const path = row.metadata?.onDisk?.path;
      return path === undefined ? [] : [[path, row] as const];
    }),
  );
  const taken: Incoming[] = [];
  const seen = new Map<string, NonNullable<Memory>>();
  let written = 0;
  for (const [path, handle] of disk) {
    const file = await handle.getFile();
    const row = rows.get(path);
    if (row === undefined) {
      // It was moved or deleted in the workspace: off the disk with it, unless it is another one by now.
      const former = left.get(path);
      const base = former && versionOnDisk(former);
      if (base !== undefined && (await isSame(file, base))) await removeFrom(folder, path);
      else await take(path, file);
      continue;
    }
    const current = currentOf(row.metadata ?? emptyFile(row.id)) ?? refuse(NOT_FOUND);
    if (isUntouched(file, row, current) || (await isSame(file, current))) remember(row.id, current.i, path, file);
    else {
      const base = versionOnDisk(row);
      if (base !== undefined && base.i !== current.i && (await isSame(file, base))) {
        await write(path, row, current);
      } else await take(path, file, base?.i ?? NOTHING);
    }
  }
  for (const [path, row] of rows) {
    if (disk.has(path)) continue;
    const current = currentOf(row.metadata ?? emptyFile(row.id)) ?? refuse(NOT_FOUND);
    const was = row.metadata?.onDisk;
    if (was?.path === path && was.i === current.i) unwrap(await removeFiles(session, [row.id]));
    else await write(path, row, current);
  }
  if (taken.length > 0) await storeIncoming(session, id, taken);
  await rememberAll(store, seen);
  const conflicts = (await liveFiles(store, id)).filter(({ syncStatus }) => syncStatus === 'conflict').length;
  return { taken: taken.length, written, conflicts };

  async function take(path: string, file: Blob, after?: string): Promise<void> {
    const one = await takeIn(session, workspace, path, file, after);
    if (one === undefined) return;
    const version = after === NOTHING ? { ...one.version, p: [] } : one.version;
    taken.push({ ...one, version });
    remember(one.fileId, version.i, path, file);
  }
  async function write(path: string, row: FileSyncStateRow, version: SpaceVersion): Promise<void> {
    const blob = unwrap(await openVersion(session, version));
    remember(row.id, version.i, path, await writeTo(folder, path, blob));
    written++;
  }
  function remember(fileId: string, i: string, path: string, file: Blob): void {
    seen.set(fileId, { i, path, ...(file instanceof File ? { at: file.lastModified } : {}) });
  }
}

type Memory = NonNullable<FileSyncStateRow['metadata']>['onDisk'];
/** A version that follows no other. */
const NOTHING = '';

const versionOnDisk = ({ metadata }: FileSyncStateRow): SpaceVersion | undefined =>
  metadata?.v.find(({ i }) => i === metadata.onDisk?.i);

/** Whether nothing was written there since it was last the same: asked before its bytes are. */
const isUntouched = (file: Blob, { metadata }: FileSyncStateRow, current: SpaceVersion): boolean =>
  file instanceof File &&
  metadata?.onDisk?.i === current.i &&
  metadata.onDisk.at === file.lastModified &&
  file.size === current.z;

const isSame = async (file: Blob, { z, c }: SpaceVersion): Promise<boolean> =>
  file.size === z && sameBytes(c, await hashOfBlob(file));

async function* filesOf(folder: DiskFolder, at: string): AsyncGenerator<[string, DiskFile]> {
  for await (const [name, entry] of folder.entries()) {
    const path = cleanPath(`${at}/${name}`);
    // A name that other devices could not have stays where it is.
    if (path === undefined || nameOf(path) !== name.normalize('NFC')) continue;
    if (entry.kind === 'directory') yield* filesOf(entry, path);
    else yield [path, entry];
  }
}

async function folderAt(root: DiskFolder, path: string, create: boolean): Promise<DiskFolder> {
  let at = root;
  for (const name of path.split('/')) if (name !== '') at = await at.getDirectoryHandle(name, { create });
  return at;
}

async function writeTo(root: DiskFolder, path: string, blob: Blob): Promise<Blob> {
  const folder = await folderAt(root, folderOf(path), true);
  const handle = await folder.getFileHandle(nameOf(path), { create: true });
  const stream = await handle.createWritable();
  await stream.write(blob);
  await stream.close();
  return handle.getFile();
}

const removeFrom = async (root: DiskFolder, path: string): Promise<void> =>
  (await folderAt(root, folderOf(path), false)).removeEntry(nameOf(path));

/** What is the same on both sides now. */
async function rememberAll(store: Store, seen: ReadonlyMap<string, NonNullable<Memory>>): Promise<void> {
  await store.tx('rw', ['fileSyncState', 'users', 'workspaces'], async () => {
    const rows = await store.fileSyncState.bulkGet([...seen.keys()]);
    const changed = rows.flatMap((row) => {
      const onDisk = row && seen.get(row.id);
      const was = row?.metadata?.onDisk;
      if (row?.metadata === undefined || onDisk === undefined) return [];
      const isKnown = was?.i === onDisk.i && was.path === onDisk.path && was.at === onDisk.at;
      return isKnown ? [] : [{ ...row, metadata: { ...row.metadata, onDisk } }];
    });
    await store.fileSyncState.bulkPut(changed);
  });
}

const TOO_MANY: Fault<'too-many-in-workspace'> = { code: 'too-many-in-workspace', retry: 'person' };
const NOT_FOUND: Fault<'not-found'> = { code: 'not-found', retry: 'never' };
