import { stampOf } from '../core/clock.ts';
import type { AccountId, ConversationId, DeviceId } from '../core/ids.ts';
import { refuse } from '../core/result.ts';
import {
  currentOf,
  deviceOf,
  emptyFile,
  headsOf,
  isConflicted,
  isGone,
  joinFile,
  joinFolders,
  later,
  type Space,
  type SpaceFile,
  type SpaceVersion,
} from '../domain/space.ts';
import { cleanPath } from '../domain/spacePaths.ts';
import { readFileSettings, wantedTransfer } from './fileSettings.ts';
import type { FileMemory } from './tables/files.ts';
import type { FileSyncStateRow, FileTransferRow, FileVersionRow, Store, WorkspaceRow } from './store.ts';
import { bytesKeyOf, giveNames, pathKeyOf } from './workspaceNames.ts';

/** Workspaces: their files with every version, put together from what any device says of them. */

/** Tables of {@link mergeSpace}. */
export const workspaceTables = [
  'users',
  'conversations',
  'workspaces',
  'fileSyncState',
  'fileVersions',
  'fileTransfers',
  'syncOperations',
  'settings',
] as const;

export interface NewWorkspace {
  readonly id: string;
  readonly userId: AccountId;
  readonly name: string;
  /** Sort key of its beginning. */
  readonly at: string;
  readonly conversationId?: ConversationId | undefined;
}

/** Adds a workspace inside the caller's transaction; one of the same name stands beside it. */
export async function addWorkspace(store: Store, given: NewWorkspace, now: number): Promise<WorkspaceRow> {
  const { id, userId, name, at, conversationId } = given;
  let path = name;
  for (let n = 2; await isTaken(store, userId, path); n++) path = `${name} (${n})`;
  const row: WorkspaceRow = {
    id,
    userId,
    name,
    path,
    pathKey: pathKeyOf(store, path),
    settings: { n: { v: name, t: at }, d: {} },
    ...(conversationId === undefined ? {} : { conversationId }),
    lastAccessed: now,
    createdAt: now,
    updatedAt: now,
  };
  await store.workspaces.add(row);
  return row;
}

const isTaken = async (store: Store, userId: AccountId, path: string): Promise<boolean> =>
  (await store.workspaces
    .where('[userId+pathKey]')
    .equals([userId, pathKeyOf(store, path)])
    .count()) > 0;

/** Refused: `not-found`, also for one that the person let go of. */
export async function workspaceOf(store: Store, id: string): Promise<WorkspaceRow> {
  const row = await store.workspaces.get(id);
  return row === undefined || row.settings?.hasLeft === true ? refuse({ code: 'not-found', retry: 'never' }) : row;
}

/** Those that the person has, the latest used first. */
export async function listWorkspaces(store: Store, userId: AccountId): Promise<WorkspaceRow[]> {
  const rows = await store.workspaces.where('userId').equals(userId).toArray();
  return rows
    .filter(({ settings }) => settings?.hasLeft !== true)
    .sort((a, b) => b.lastAccessed - a.lastAccessed || (a.id < b.id ? -1 : 1));
}

/** Moves a workspace to a conversation; `undefined`: it is the person's own again. */
export async function setWorkspaceConversation(
  store: Store,
  id: string,
  conversationId: ConversationId | undefined,
  now: number,
): Promise<void> {
  await store.tx('rw', workspaceTables, async () => {
    const { conversationId: _was, ...row } = await workspaceOf(store, id);
    await store.workspaces.put({ ...row, ...(conversationId === undefined ? {} : { conversationId }), updatedAt: now });
  });
}

/** The person has looked at it. */
export const touchWorkspace = async (store: Store, id: string, now: number): Promise<void> => {
  await store.workspaces.update(id, { lastAccessed: now });
};

/** Files that are there. */
export const liveFiles = (store: Store, id: string): Promise<FileSyncStateRow[]> =>
  Promise.resolve(store.fileSyncState.where('[workspaceId+wantedKey]').between([id, ' '], [id, '\uffff']).toArray());

export const countLiveFiles = (store: Store, id: string): Promise<number> =>
  Promise.resolve(store.fileSyncState.where('[workspaceId+wantedKey]').between([id, ' '], [id, '\uffff']).count());

/** Files that were deleted and can come back. */
export const deletedFiles = (store: Store, id: string): Promise<FileSyncStateRow[]> =>
  Promise.resolve(store.fileSyncState.where('[workspaceId+wantedKey]').equals([id, '']).toArray());

export async function fileAt(
  store: Store,
  workspace: WorkspaceRow,
  path: string,
): Promise<FileSyncStateRow | undefined> {
  return store.fileSyncState
    .where('[userId+workspaceId+pathKey]')
    .equals([workspace.userId, workspace.id, pathKeyOf(store, path)])
    .first();
}

/** Versions of a file, the first one first. */
export const versionsOf = (store: Store, fileId: string): Promise<FileVersionRow[]> =>
  Promise.resolve(
    store.fileVersions.where('[fileId+version]').between([fileId, -Infinity], [fileId, Infinity]).toArray(),
  );

/** All of a workspace as one value, to hand it to somebody who has nothing of it. */
export async function wholeSpace(store: Store, id: string): Promise<Space> {
  const { settings } = await workspaceOf(store, id);
  const files = await store.fileSyncState.where('[workspaceId+wantedKey]').between([id, ''], [id, '\uffff']).toArray();
  return {
    ...(settings === undefined ? {} : { n: settings.n }),
    d: settings?.d ?? {},
    f: files.flatMap(({ metadata }) => (metadata === undefined ? [] : [pieceOf(metadata)])),
  };
}

const pieceOf = ({ onDisk: _disk, ...file }: FileMemory): SpaceFile => file;

/** What became of a file by a merge. */
export interface MergedFile {
  readonly row: FileSyncStateRow;
  /** It became one that stands in several versions, or it lost its name to another one. */
  readonly isNewConflict: boolean;
  /** It was in conflict, and is so no more. */
  readonly isSettled: boolean;
}

/**
 * Puts a piece together with what is here, inside the caller's transaction: it reads and writes only the files that
 * the piece names and those that stand at the same paths. Bytes that are not here become transfers that nobody
 * asked for yet. A path that can't be is left out, and so is a file of another workspace.
 */
export async function mergeSpace(store: Store, id: string, piece: Space, now: number): Promise<MergedFile[]> {
  const workspace = await store.workspaces.get(id);
  if (workspace?.settings === undefined || workspace.settings.hasLeft === true) return [];
  const { settings, userId } = workspace;
  const n = later(settings.n, piece.n) ?? settings.n;
  const folders = Object.entries(piece.d).filter(([path]) => cleanPath(path) === path);
  const d = joinFolders(settings.d, Object.fromEntries(folders));
  await store.workspaces.update(id, { name: n.v, settings: { ...settings, n, d }, updatedAt: now });
  const pieces = new Map<string, SpaceFile>();
  for (const file of piece.f) pieces.set(file.f, joinFile(pieces.get(file.f) ?? emptyFile(file.f), file));
  const ids = [...pieces.keys()];
  const known = await store.fileSyncState.bulkGet(ids);
  const changed: { before: FileSyncStateRow | undefined; file: FileMemory }[] = [];
  ids.forEach((fileId, i) => {
    const before = known[i];
    const given = pieces.get(fileId) ?? emptyFile(fileId);
    if (before !== undefined && before.workspaceId !== id) return;
    const { onDisk, ...was }: FileMemory = before?.metadata ?? emptyFile(fileId);
    const file = joinFile(was, given);
    if (file.n === undefined || cleanPath(file.n.v) !== file.n.v || file.v.length === 0) return;
    changed.push({ before, file: { ...file, ...(onDisk === undefined ? {} : { onDisk }) } });
  });
  await addTransfers(
    store,
    changed.flatMap(({ file }) => {
      const current = currentOf(file);
      return file.v.map((version) => ({ version, path: file.n?.v ?? '', isCurrent: version === current }));
    }),
    now,
  );
  const here = await transfersHere(
    store,
    changed.flatMap(({ file }) => currentOf(file)?.b ?? []),
  );
  const rows = changed.map(({ before, file }) => {
    const current = currentOf(file);
    const row: FileSyncStateRow = {
      id: file.f,
      userId,
      workspaceId: id,
      filePath: file.n?.v ?? '',
      pathKey: before?.pathKey ?? '',
      wantedKey: isGone(file) ? '' : pathKeyOf(store, file.n?.v ?? ''),
      fileHash: current === undefined ? '' : bytesKeyOf(store, current.c),
      fileSize: current?.z ?? 0,
      lastModified: stampOf(current?.t ?? '')?.ms ?? now,
      syncStatus: isConflicted(file) ? 'conflict' : here.has(current?.b ?? '') ? 'synced' : 'pending',
      metadata: file,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    };
    return { before, row };
  });
  const named = await giveNames(store, workspace, rows);
  await store.fileVersions.bulkPut(changed.flatMap(({ file }) => versionRows(store, file, now)));
  return named.map(({ before, row, hasLostName }) => ({
    row,
    isSettled: before?.syncStatus === 'conflict' && row.syncStatus !== 'conflict',
    isNewConflict: hasLostName || (row.syncStatus === 'conflict' && before?.syncStatus !== 'conflict'),
  }));
}

const versionRows = (store: Store, file: SpaceFile, now: number): FileVersionRow[] =>
  file.v.map((version, i) => ({
    fileId: file.f,
    version: i + 1,
    fileHash: bytesKeyOf(store, version.c),
    size: version.z,
    deviceId: deviceOf(version.t) as DeviceId,
    createdAt: stampOf(version.t)?.ms ?? now,
    transferId: version.b,
  }));

async function addTransfers(
  store: Store,
  versions: readonly { readonly version: SpaceVersion; readonly path: string; readonly isCurrent: boolean }[],
  now: number,
): Promise<void> {
  // Of a version that was restored the last one counts.
  const wanted = new Map(versions.map((one) => [one.version.b, one]));
  const known = new Set(
    await store.fileTransfers
      .where('transferId')
      .anyOf([...wanted.keys()])
      .primaryKeys(),
  );
  if (known.size === wanted.size) return;
  const settings = await readFileSettings(store);
  const rows = [...wanted.values()].flatMap(({ version, path, isCurrent }): FileTransferRow[] => {
    const row = transferOf(version, path, now);
    return known.has(version.b) ? [] : [isCurrent ? wantedTransfer(row, settings) : row];
  });
  if (rows.length > 0) await store.fileTransfers.bulkAdd(rows);
}

/** Bytes that lie elsewhere. */
const transferOf = ({ b, k, h, z }: SpaceVersion, path: string, now: number): FileTransferRow => ({
  transferId: b,
  blobId: b,
  fileName: path,
  fileSize: z,
  fileHash: h,
  fileKey: k,
  direction: 'inbound',
  status: 'paused',
  progress: 0,
  chunkSize: CHUNK,
  chunksDone: 0,
  createdAt: now,
});
const CHUNK = 1024 * 1024;

async function transfersHere(store: Store, ids: readonly string[]): Promise<Set<string>> {
  const rows = await store.fileTransfers.bulkGet([...new Set(ids)]);
  return new Set(
    rows.flatMap((row) =>
      row !== undefined && (row.direction === 'outbound' || row.status === 'completed') ? [row.transferId] : [],
    ),
  );
}

/** Every transfer of a workspace's files. */
export async function transfersOf(store: Store, id: string): Promise<string[]> {
  const files = await store.fileSyncState
    .where('[workspaceId+wantedKey]')
    .between([id, ''], [id, '\uffff'])
    .primaryKeys();
  const versions = await store.fileVersions.where('fileId').anyOf(files).toArray();
  return [...new Set(versions.flatMap(({ transferId }) => transferId ?? []))];
}

/**
 * Deletes a workspace with all its bytes from this device. One that is shared leaves a mark, so that what others
 * go on saying about it does not bring it back.
 */
export async function dropWorkspace(store: Store, id: string, now: number): Promise<void> {
  const transfers = await transfersOf(store, id);
  await store.tx('rw', [...workspaceTables, 'fileChunks'], async () => {
    const row = await workspaceOf(store, id);
    await store.fileTransfers.bulkDelete(transfers);
    await store.workspaces.delete(id);
    if (row.conversationId === undefined || row.settings === undefined) return;
    const settings = { n: { ...row.settings.n, v: '' }, d: {}, hasLeft: true };
    const path = `/${id}`;
    await store.workspaces.add({ ...row, name: '', path, pathKey: pathKeyOf(store, path), settings, updatedAt: now });
  });
}

/** Versions of a file as they are known, the latest first, with which of them are current. */
export function historyOf(
  row: FileSyncStateRow,
): readonly { readonly version: SpaceVersion; readonly number: number; readonly isHead: boolean }[] {
  const file = row.metadata ?? emptyFile(row.id);
  const heads = new Set(headsOf(file).map(({ i }) => i));
  return file.v.map((version, i) => ({ version, number: i + 1, isHead: heads.has(version.i) })).toReversed();
}
