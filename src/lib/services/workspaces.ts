import { newId, type ConversationId } from '../core/ids.ts';
import { err, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { notesConversationId } from '../crypto/identity.ts';
import type { FileSyncStateRow, WorkspaceRow } from '../db/store.ts';
import {
  addWorkspace,
  dropWorkspace as drop,
  liveFiles,
  mergeSpace,
  setWorkspaceConversation,
  transfersOf,
  wholeSpace,
  workspaceOf,
  workspaceTables,
} from '../db/workspaces.ts';
import { emptyFile, headsOf, type Register, type Space, type SpaceVersion } from '../domain/space.ts';
import { cleanPath, isWithin } from '../domain/spacePaths.ts';
import { limits } from '../protocol/limits.ts';
import { utf8Length } from '../core/bytes.ts';
import { compose, composeTables, newMessageId, nextSortKey, stampAfter, type Composer } from '../sync/compose.ts';
import { piecesOf } from '../sync/spacePiece.ts';
import { maySend } from './messages.ts';
import { recordConflicts } from './workspaceConflicts.ts';

/** What a person does with workspaces. Each change is stored and on its way in one transaction. */

/** Tables of a transaction that changes a workspace. */
const changeTables = [...new Set([...composeTables, ...workspaceTables, 'groups', 'groupMembers'] as const)];

/** Refused: `bad-name`, `not-a-member`. */
export async function createWorkspace(
  composer: Composer,
  input: string,
  conversationId?: ConversationId,
): Promise<Result<string>> {
  const name = nameFrom(input);
  if (name === undefined) return err(BAD_NAME);
  const { store, identity, clock, random } = composer;
  const id = newId<string>(random);
  return settle(
    store.tx('rw', changeTables, async () => {
      if (conversationId !== undefined && !(await maySend(composer, conversationId))) return refuse(NOT_A_MEMBER);
      const { sortKey } = await nextSortKey(composer);
      const given = { id, userId: identity.account, name, at: sortKey, conversationId };
      const row = await addWorkspace(store, given, clock.now());
      await send(composer, row, { n: { v: name, t: sortKey }, d: {}, f: [] });
      return id;
    }),
  );
}

/**
 * Changes a workspace: here at once, and elsewhere when it gets there.
 * @param build makes the piece. `at(after)` is a stamp that comes after all that this device knows, and after that one.
 */
export function changeSpace<T>(
  composer: Composer,
  id: string,
  build: (row: WorkspaceRow, at: (after?: string) => string) => Promise<{ piece: Space; value: T }>,
): Promise<Result<T>> {
  const { store, identity, clock } = composer;
  return settle(
    store.tx('rw', changeTables, async () => {
      const row = await workspaceOf(store, id);
      const { conversationId } = row;
      if (conversationId !== undefined && !(await maySend(composer, conversationId))) return refuse(NOT_A_MEMBER);
      const { sortKey } = await nextSortKey(composer);
      const { piece, value } = await build(row, (after) =>
        after === undefined ? sortKey : stampAfter(sortKey, after, identity.device),
      );
      await recordConflicts(composer, await mergeSpace(store, id, piece, clock.now()));
      await send(composer, row, piece);
      return value;
    }),
  );
}

/** Hands a piece to everybody who has the workspace, inside the caller's transaction. */
async function send(composer: Composer, { id, conversationId }: WorkspaceRow, whole: Space): Promise<void> {
  const to = conversationId ?? notesConversationId(composer.identity.account);
  for (const piece of piecesOf(whole)) {
    const { sortKey } = await nextSortKey(composer);
    const place = { id: newMessageId(composer.random), sortKey, isMessage: false };
    await compose(composer, to, { k: 'space', s: sortKey, w: id, o: piece }, place);
  }
}

/** Whether anybody else is to have its bytes: people of a conversation, or other devices of this person. */
export async function goesOut({ store, identity }: Composer, { conversationId }: WorkspaceRow): Promise<boolean> {
  if (conversationId !== undefined) return true;
  const devices = await store.devices.where('[userId+status]').equals([identity.account, 'active']).count();
  return devices > 1;
}

/** Refused: `bad-name`. */
export async function renameWorkspace(composer: Composer, id: string, input: string): Promise<Result<void>> {
  const name = nameFrom(input);
  if (name === undefined) return err(BAD_NAME);
  return changeSpace(composer, id, ({ settings }, at) =>
    Promise.resolve({ piece: { n: { v: name, t: at(settings?.n.t) }, d: {}, f: [] }, value: undefined }),
  );
}

/** Refused: `already-shared`, `not-a-member`. */
export async function shareWorkspace(composer: Composer, id: string, to: ConversationId): Promise<Result<void>> {
  const { store, clock } = composer;
  return settle(async () => {
    const whole = await wholeSpace(store, id);
    await store.tx('rw', changeTables, async () => {
      const row = await workspaceOf(store, id);
      if (row.conversationId !== undefined) return refuse({ code: 'already-shared', retry: 'never' });
      if (!(await maySend(composer, to))) return refuse(NOT_A_MEMBER);
      await setWorkspaceConversation(store, id, to, clock.now());
      await send(composer, { ...row, conversationId: to }, whole);
    });
    await upload(composer, id);
  });
}

/** Says all of it again. Refused: `not-a-member`. */
export async function resendWorkspace(composer: Composer, id: string): Promise<Result<void>> {
  const whole = await settle(wholeSpace(composer.store, id));
  if (!whole.ok) return whole;
  return changeSpace(composer, id, () => Promise.resolve({ piece: whole.value, value: undefined }));
}

/** What lay here for nobody else is uploaded from now on. */
async function upload({ store }: Composer, id: string): Promise<void> {
  const transfers = await transfersOf(store, id);
  await store.fileTransfers
    .where('transferId')
    .anyOf(transfers)
    .filter(({ direction, status, progress }) => direction === 'outbound' && status === 'completed' && progress < 100)
    .modify({ status: 'pending' });
}

export const dropWorkspace = ({ store, clock }: Composer, id: string): Promise<Result<void>> =>
  settle(drop(store, id, clock.now()));

/** Refused: `bad-path`. */
export async function createFolder(composer: Composer, id: string, input: string): Promise<Result<void>> {
  const path = cleanPath(input);
  if (path === undefined) return err(BAD_PATH);
  return changeSpace(composer, id, ({ settings }, at) =>
    Promise.resolve({ piece: { d: { [path]: { v: true, t: at(settings?.d[path]?.t) } }, f: [] }, value: undefined }),
  );
}

/** Refused: `bad-path`, also for a folder that would go into itself. */
export async function moveFolder(composer: Composer, id: string, from: string, input: string): Promise<Result<void>> {
  const to = cleanPath(input);
  if (to === undefined || isWithin(to, from)) return to === from ? { ok: true, value: undefined } : err(BAD_PATH);
  const moved = (path: string): string => to + path.slice(from.length);
  const files = await filesWithin(composer, id, from);
  if (files.some(({ filePath }) => cleanPath(moved(filePath)) === undefined)) return err(BAD_PATH);
  return changeSpace(composer, id, ({ settings }, at) => {
    const known: Space['d'] = settings?.d ?? {};
    const d: Record<string, Register<boolean>> = {};
    for (const [path, { v, t }] of Object.entries(known)) {
      if (!v || !isWithin(path, from)) continue;
      d[path] = { v: false, t: at(t) };
      d[moved(path)] = { v: true, t: at(known[moved(path)]?.t) };
    }
    const f = files.map((row) => ({
      ...emptyFile(row.id),
      n: { v: moved(row.metadata?.n?.v ?? row.filePath), t: at(row.metadata?.n?.t) },
    }));
    return Promise.resolve({ piece: { d, f }, value: undefined });
  });
}

/** With all that is in it, which can come back file by file. */
export async function removeFolder(composer: Composer, id: string, path: string): Promise<Result<void>> {
  const files = await filesWithin(composer, id, path);
  return changeSpace(composer, id, ({ settings }, at) => {
    const d = Object.entries(settings?.d ?? {}).flatMap(([folder, known]) =>
      isWithin(folder, path) && known.v ? [[folder, { v: false, t: at(known.t) }] as const] : [],
    );
    return Promise.resolve({
      piece: { d: Object.fromEntries(d), f: files.map((row) => removal(row, at())) },
      value: undefined,
    });
  });
}

const filesWithin = async ({ store }: Composer, id: string, folder: string): Promise<FileSyncStateRow[]> =>
  (await liveFiles(store, id)).filter(({ filePath }) => filePath !== folder && isWithin(filePath, folder));

/** Refused: `bad-path`. */
export async function moveFile(composer: Composer, fileId: string, input: string): Promise<Result<void>> {
  const path = cleanPath(input);
  if (path === undefined) return err(BAD_PATH);
  return changeFile(composer, fileId, (row, at) => ({
    ...emptyFile(fileId),
    n: { v: path, t: at(row.metadata?.n?.t) },
  }));
}

export async function removeFiles(composer: Composer, ids: readonly string[]): Promise<Result<void>> {
  const rows = (await composer.store.fileSyncState.bulkGet([...ids])).filter((row) => row !== undefined);
  for (const [workspace, some] of Map.groupBy(rows, ({ workspaceId }) => workspaceId)) {
    const done = await changeSpace(composer, workspace, (_, at) =>
      Promise.resolve({ piece: { d: {}, f: some.map((row) => removal(row, at())) }, value: undefined }),
    );
    if (!done.ok) return done;
  }
  return { ok: true, value: undefined };
}

const removal = (row: FileSyncStateRow, at: string): Space['f'][number] => ({
  ...emptyFile(row.id),
  r: headsOf(row.metadata ?? emptyFile(row.id)).map(({ i }) => i),
  d: at,
});

/** Brings a deleted file back as it was. */
export const restoreFile = (composer: Composer, fileId: string): Promise<Result<void>> =>
  changeFile(composer, fileId, (row, at) => follow(composer, row, headsOf(row.metadata ?? emptyFile(fileId))[0], at()));

/** Refused: `not-found` for a version that it never had. */
export const restoreVersion = (composer: Composer, fileId: string, version: string): Promise<Result<void>> =>
  changeFile(composer, fileId, (row, at) =>
    follow(
      composer,
      row,
      row.metadata?.v.find(({ i }) => i === version),
      at(),
    ),
  );

/** A new version with the bytes of one that is there, after all that are current. */
export function follow(
  { random }: Composer,
  row: FileSyncStateRow,
  as: SpaceVersion | undefined,
  at: string,
): Space['f'][number] {
  if (as === undefined) return refuse(NOT_FOUND);
  const p = headsOf(row.metadata ?? emptyFile(row.id)).map(({ i }) => i);
  return { ...emptyFile(row.id), v: [{ ...as, i: newId<string>(random), p, t: at }] };
}

/** Changes one file. */
export async function changeFile(
  composer: Composer,
  fileId: string,
  build: (row: FileSyncStateRow, at: (after?: string) => string) => Space['f'][number],
): Promise<Result<void>> {
  const before = await composer.store.fileSyncState.get(fileId);
  if (before === undefined) return err(NOT_FOUND);
  return changeSpace(composer, before.workspaceId, async (_, at) => {
    const row = (await composer.store.fileSyncState.get(fileId)) ?? refuse(NOT_FOUND);
    return { piece: { d: {}, f: [build(row, at)] }, value: undefined };
  });
}

function nameFrom(input: string): string | undefined {
  const name = input.normalize('NFC').trim();
  return name === '' || utf8Length(name) > limits.name ? undefined : name;
}

const BAD_NAME: Fault<'bad-name'> = { code: 'bad-name', retry: 'person' };
const BAD_PATH: Fault<'bad-path'> = { code: 'bad-path', retry: 'person' };
const NOT_A_MEMBER: Fault<'not-a-member'> = { code: 'not-a-member', retry: 'never' };
const NOT_FOUND: Fault<'not-found'> = { code: 'not-found', retry: 'never' };
