import { newId } from '../core/ids.ts';
import { err, ok, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { sealedSize } from '../crypto/fileCipher.ts';
import { fileAt, historyOf, workspaceOf } from '../db/workspaces.ts';
import type { FileSyncStateRow, WorkspaceRow } from '../db/store.ts';
import {
  currentOf,
  deviceOf,
  emptyFile,
  headsOf,
  sameBytes,
  type SpaceFile,
  type SpaceVersion,
} from '../domain/space.ts';
import { cleanPath, inFolder, withMark } from '../domain/spacePaths.ts';
import { limits } from '../protocol/limits.ts';
import type { Composer } from '../sync/compose.ts';
import type { Session } from '../sync/session.ts';
import { fetchBytes, hashOfBlob, looked, plainFile, sealBlob } from './fileBytes.ts';
import { typeOfName } from './fileTypes.ts';
import { namesOf } from './viewer.ts';
import { changeFile, changeSpace, follow, goesOut } from './workspaces.ts';
import { settleFile } from './workspaceConflicts.ts';
import type { FileVersionItem, IncomingFile } from './workspacesClient.ts';

/** The bytes of a workspace's files: coming in, going out, and their versions. */

/** Files that are sealed before what they are is stored in one go. */
const BATCH = 64;

/** Refused: `bad-path`, `too-large`, `not-found`, `not-a-member`. @returns how many were new or changed */
export async function addToWorkspace(
  composer: Composer,
  id: string,
  folder: string,
  files: readonly IncomingFile[],
): Promise<Result<number>> {
  let changed = 0;
  for (let at = 0; at < files.length; at += BATCH) {
    const taken = await addBatch(composer, id, folder, files.slice(at, at + BATCH));
    if (!taken.ok) return taken;
    changed += taken.value;
  }
  return ok(changed);
}

const addBatch = (
  composer: Composer,
  id: string,
  folder: string,
  files: readonly IncomingFile[],
): Promise<Result<number>> =>
  settle(async () => {
    const workspace = await workspaceOf(composer.store, id);
    const fresh: Incoming[] = [];
    for (const { path, blob } of files) {
      const clean = cleanPath(inFolder(folder, path)) ?? refuse(BAD_PATH);
      const one = await takeIn(composer, workspace, clean, blob);
      if (one !== undefined) fresh.push(one);
    }
    if (fresh.length > 0) await storeIncoming(composer, id, fresh);
    return fresh.length;
  });

/** A file whose bytes are sealed and on disk. */
export interface Incoming {
  readonly fileId: string;
  /** Of a file that was not there. */
  readonly path?: string;
  readonly version: Omit<SpaceVersion, 't'>;
}

/**
 * Seals a file for a path; `undefined` where the same bytes are there already. Refused: `too-large`.
 * @param after the version that it follows, where that is not the current one
 */
export async function takeIn(
  composer: Composer,
  workspace: WorkspaceRow,
  path: string,
  blob: Blob,
  after?: string,
): Promise<Incoming | undefined> {
  const { store, random } = composer;
  if (sealedSize(blob.size) > limits.blob) return refuse({ code: 'too-large', retry: 'person' });
  const known = await fileAt(store, workspace, path);
  const current = known === undefined ? undefined : currentOf(known.metadata ?? emptyFile(known.id));
  if (current?.z === blob.size && sameBytes(current.c, await hashOfBlob(blob))) return undefined;
  const b = newId<string>(random);
  const sealed = await sealBlob(composer, b, { blob, name: path }, b);
  const version = {
    i: newId<string>(random),
    p: after === undefined ? (current === undefined ? [] : [current.i]) : [after],
    b,
    k: sealed.key,
    h: sealed.hash,
    c: sealed.plainHash,
    z: blob.size,
    y: (blob.type === '' ? typeOfName(path) : blob.type).slice(0, 127),
  };
  return known === undefined ? { fileId: newId<string>(random), path, version } : { fileId: known.id, version };
}

/** What was sealed becomes part of the workspace, and is uploaded where others are to have it. */
export async function storeIncoming(composer: Composer, id: string, incoming: readonly Incoming[]): Promise<void> {
  const { store } = composer;
  const stored = await changeSpace(composer, id, async (row, at) => {
    const status = (await goesOut(composer, row)) ? 'pending' : 'completed';
    for (const { version } of incoming) await store.fileTransfers.update(version.b, { status });
    const f = incoming.map(({ fileId, path, version }): SpaceFile => ({
      ...emptyFile(fileId),
      ...(path === undefined ? {} : { n: { v: path, t: at() } }),
      v: [{ ...version, t: at() }],
    }));
    return { piece: { d: {}, f }, value: undefined };
  });
  if (stored.ok) return;
  await store.fileTransfers.bulkDelete(incoming.map(({ version }) => version.b));
  refuse(stored.error);
}

/** Refused: `too-large`, `not-found`, `not-a-member`. */
export const writeFile = (composer: Composer, fileId: string, blob: Blob): Promise<Result<void>> =>
  settle(async () => {
    const row = (await composer.store.fileSyncState.get(fileId)) ?? refuse(NOT_FOUND);
    const workspace = await workspaceOf(composer.store, row.workspaceId);
    const taken = await takeIn(composer, workspace, row.filePath, blob);
    if (taken !== undefined) await storeIncoming(composer, row.workspaceId, [taken]);
  });

/**
 * The bytes of a version, or of the current one; fetched if they are not here.
 * Refused: `not-found`, `network`, `file-not-there-yet`, `file-damaged`.
 */
export async function openWorkspaceFile(session: Session, fileId: string, version?: string): Promise<Result<Blob>> {
  const row = await session.store.fileSyncState.get(fileId);
  const file = row?.metadata;
  if (file === undefined) return err(NOT_FOUND);
  const wanted = version === undefined ? currentOf(file) : file.v.find(({ i }) => i === version);
  return wanted === undefined ? err(NOT_FOUND) : openVersion(session, wanted);
}

/** Refused: as {@link openWorkspaceFile}. */
export async function openVersion(session: Session, version: SpaceVersion): Promise<Result<Blob>> {
  const transfer = await session.store.fileTransfers.get(version.b);
  if (transfer?.fileHash === undefined) return err(NOT_FOUND);
  // Somebody named the bytes of another file.
  if (!sameBytes(transfer.fileHash, version.h)) return err({ code: 'file-damaged', retry: 'person' });
  const fetched = await fetchBytes(session, transfer);
  if (!fetched.ok) return fetched;
  await looked(session, version.b);
  return plainFile(session, transfer, version.y);
}

/** Refused: `not-found`. */
export const fileHistory = (session: Session, fileId: string): Promise<Result<readonly FileVersionItem[]>> =>
  settle(async () => {
    const { store, identity } = session;
    const row = (await store.fileSyncState.get(fileId)) ?? refuse(NOT_FOUND);
    const devices = new Map((await store.devices.toArray()).map((device) => [device.id as string, device.userId]));
    const names = await namesOf(session, devices.values());
    return historyOf(row).map(({ version, number, isHead }): FileVersionItem => {
      const device = deviceOf(version.t);
      const account = device === identity.device ? identity.account : devices.get(device);
      return {
        id: version.i,
        number,
        size: version.z,
        at: Number.parseInt(version.t.slice(0, 12), 16),
        by: account === identity.account ? '' : account === undefined ? '?' : (names.get(account) ?? '?'),
        isThisDevice: device === identity.device,
        isCurrent: isHead,
      };
    });
  });

/** Ends a conflict. Refused: `not-found`, also where there is none. */
export async function resolveConflict(
  composer: Composer,
  fileId: string,
  choice: 'local' | 'remote' | 'both',
): Promise<Result<void>> {
  const { store, identity, random } = composer;
  const before = await store.fileSyncState.get(fileId);
  if (before?.syncStatus !== 'conflict') return err(NOT_FOUND);
  const isOwn = ({ t }: SpaceVersion): boolean => deviceOf(t) === identity.device;
  const chosen = (row: FileSyncStateRow): { keep: SpaceVersion; others: readonly SpaceVersion[] } => {
    const heads = headsOf(row.metadata ?? emptyFile(fileId));
    const local = heads.find(isOwn) ?? heads[0] ?? refuse(NOT_FOUND);
    const keep = choice === 'remote' ? (heads.find((head) => head !== local) ?? local) : local;
    return { keep, others: heads.filter((head) => head !== keep && !sameBytes(head.c, keep.c)) };
  };
  const done =
    choice === 'both'
      ? await changeSpace(composer, before.workspaceId, async (_, at) => {
          const row = (await store.fileSyncState.get(fileId)) ?? refuse(NOT_FOUND);
          const { keep, others } = chosen(row);
          const copies = others.map((version): SpaceFile => {
            const f = newId<string>(random);
            const path = withMark(
              row.filePath,
              new Date(Number.parseInt(version.t.slice(0, 12), 16)).toISOString().slice(0, 10),
            );
            return {
              ...emptyFile(f),
              n: { v: path, t: at() },
              v: [{ ...version, i: newId<string>(random), p: [], t: at() }],
            };
          });
          return { piece: { d: {}, f: [follow(composer, row, keep, at()), ...copies] }, value: undefined };
        })
      : await changeFile(composer, fileId, (row, at) => follow(composer, row, chosen(row).keep, at()));
  if (done.ok) await settleFile(composer, fileId, choice);
  return done;
}

const BAD_PATH: Fault<'bad-path'> = { code: 'bad-path', retry: 'person' };
const NOT_FOUND: Fault<'not-found'> = { code: 'not-found', retry: 'never' };
