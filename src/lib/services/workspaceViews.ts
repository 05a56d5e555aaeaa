import type { FileSyncStateRow, WorkspaceRow } from '../db/store.ts';
import { countLiveFiles, deletedFiles, listWorkspaces, liveFiles, touchWorkspace } from '../db/workspaces.ts';
import { compareNames, plain } from '../db/names.ts';
import { currentOf, emptyFile } from '../domain/space.ts';
import { foldersAbove } from '../domain/spacePaths.ts';
import type { Session } from '../sync/session.ts';
import { plainFile } from './fileBytes.ts';
import { isText } from './fileTypes.ts';
import type { Viewer } from './viewer.ts';
import type { WorkspaceFile, WorkspaceHit, WorkspaceItem, WorkspaceView } from './workspacesClient.ts';

/** What the pages about workspaces show. */

export async function viewWorkspaces(viewer: Viewer): Promise<WorkspaceItem[]> {
  const { store, identity } = viewer;
  const rows = await listWorkspaces(store, identity.account);
  const conflicts = await store.fileSyncState
    .where('[syncStatus+updatedAt]')
    .between(['conflict', -Infinity], ['conflict', Infinity])
    .toArray();
  const counts = Map.groupBy(conflicts, ({ workspaceId }) => workspaceId);
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      name: row.name,
      files: await countLiveFiles(store, row.id),
      conflicts: counts.get(row.id)?.length ?? 0,
      ...(await sharedIn(viewer, row)),
      updatedAt: row.updatedAt,
    })),
  );
}

/** The person looks at it. */
export const openedWorkspace = ({ store, clock }: Session, id: string): Promise<void> =>
  touchWorkspace(store, id, clock.now());

export async function viewWorkspace(viewer: Viewer, id: string): Promise<WorkspaceView | undefined> {
  const { store } = viewer;
  const row = await store.workspaces.get(id);
  if (row === undefined || row.settings?.hasLeft === true) return undefined;
  const live = await liveFiles(store, id);
  const deleted = await deletedFiles(store, id);
  const folders = Object.entries(row.settings?.d ?? {}).flatMap(([path, { v }]) => (v ? [path] : []));
  return {
    id,
    name: row.name,
    ...(await sharedIn(viewer, row)),
    folders: foldersAbove(
      live.map(({ filePath }) => filePath),
      folders,
    ).sort(compareNames),
    files: live.map(fileItem).sort((a, b) => compareNames(a.path, b.path)),
    deleted: deleted.map(fileItem).sort((a, b) => b.modified - a.modified),
  };
}

async function sharedIn(
  { store }: Viewer,
  { conversationId }: WorkspaceRow,
): Promise<Pick<WorkspaceItem, 'conversation'>> {
  if (conversationId === undefined) return {};
  const conversation = await store.conversations.get(conversationId);
  return conversation === undefined ? {} : { conversation: { id: conversationId, title: conversation.title } };
}

function fileItem(row: FileSyncStateRow): WorkspaceFile {
  const file = row.metadata ?? emptyFile(row.id);
  return {
    id: row.id,
    path: row.filePath,
    size: row.fileSize,
    type: currentOf(file)?.y ?? '',
    modified: row.lastModified,
    versions: file.v.length,
    state: row.syncStatus === 'conflict' ? 'conflict' : row.syncStatus === 'pending' ? 'absent' : 'here',
  };
}

/** Texts that are read through; more than that of one file is not looked at. */
const MOST_TEXT = 2 * 1024 * 1024;
const MOST_HITS = 200;

/** Files whose name, or whose text where that is on this device, has all the words. */
export async function searchWorkspace(session: Session, id: string, input: string): Promise<WorkspaceHit[]> {
  const words = plain(input)
    .split(/\s+/u)
    .filter((word) => word !== '');
  if (words.length === 0) return [];
  const rows = (await liveFiles(session.store, id)).sort((a, b) => compareNames(a.filePath, b.filePath));
  const named = rows.filter(({ filePath }) => words.every((word) => plain(filePath).includes(word)));
  const hits = named.map((row): WorkspaceHit => ({ file: fileItem(row) }));
  const seen = new Set(named.map((row) => row.id));
  for (const row of rows) {
    if (hits.length >= MOST_HITS) break;
    const text = seen.has(row.id) ? undefined : await textOf(session, row);
    const snippet = text === undefined ? undefined : snippetOf(text, words);
    if (snippet !== undefined) hits.push({ file: fileItem(row), snippet });
  }
  return hits.slice(0, MOST_HITS);
}

async function textOf(session: Session, row: FileSyncStateRow): Promise<string | undefined> {
  const version = currentOf(row.metadata ?? emptyFile(row.id));
  if (version === undefined || !isText(version.y) || version.z > MOST_TEXT) return undefined;
  const transfer = await session.store.fileTransfers.get(version.b);
  if (transfer === undefined || (transfer.direction === 'inbound' && transfer.status !== 'completed')) return undefined;
  const file = await plainFile(session, transfer, version.y);
  return file.ok ? file.value.text() : undefined;
}

function snippetOf(text: string, words: readonly string[]): string | undefined {
  const folded = plain(text);
  if (!words.every((word) => folded.includes(word))) return undefined;
  // Folding may change lengths; the place is near enough for a look.
  const at = folded.indexOf(words[0] ?? '');
  const from = Math.max(0, at - 40);
  const part = text.slice(from, at + 100).replaceAll(/\s+/gu, ' ');
  return (from > 0 ? '…' : '') + part.trim() + (at + 100 < text.length ? '…' : '');
}
