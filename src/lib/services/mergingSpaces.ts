import { settle, type Result } from '../core/result.ts';
import { notesConversationId } from '../crypto/identity.ts';
import { addWorkspace, mergeSpace, workspaceTables } from '../db/workspaces.ts';
import type { SyncOperationRow } from '../db/store.ts';
import type { Space } from '../domain/space.ts';
import { WORKSPACE, type QueuedPiece } from '../sync/queuePiece.ts';
import type { Session } from '../sync/session.ts';
import { spaceFromBytes } from '../sync/spacePiece.ts';
import { recordConflicts, settleFile } from './workspaceConflicts.ts';

/**
 * Puts the pieces of workspaces that others sent together with what is here, one after the other, for as long as the
 * app is open. @returns what ends it.
 */
export function keepMerging(session: Session): () => void {
  const { store, logger } = session;
  let isOver = false;
  let isRunning = false;
  let isCalled = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (isCalled && !isOver) {
      isCalled = false;
      const done = await session.locks.run('merge-spaces', () => mergeWaiting(session, () => isOver));
      if (!done.ok && !isOver) logger.log('warn', 'merge-paused', { code: done.error.code });
    }
    isRunning = false;
  };
  const stop = store.live(
    () => waiting(session).count(),
    (count) => {
      isCalled = count > 0;
      if (isCalled && !isRunning && !isOver) void run();
    },
  );
  return () => {
    isOver = true;
    stop();
  };
}

const waiting = ({ store }: Session) =>
  store.syncOperations
    .where('[status+createdAt]')
    .between(['pending', -Infinity], ['pending', Infinity])
    .filter(({ operationType, resourceType }) => operationType === 'pull' && resourceType === WORKSPACE);

const mergeWaiting = (session: Session, isOver: () => boolean): Promise<Result<void>> =>
  settle(async () => {
    for (let row = await waiting(session).first(); row !== undefined && !isOver(); row = await waiting(session).first())
      await mergeOne(session, row);
    return undefined;
  });

async function mergeOne(session: Session, row: SyncOperationRow): Promise<void> {
  const { store, clock } = session;
  const { conversationId, piece } = row.operationData as QueuedPiece;
  const read = spaceFromBytes(piece);
  const settled: string[] = [];
  await store.tx('rw', [...workspaceTables], async () => {
    const still = await store.syncOperations.get(row.id);
    if (still?.status !== 'pending') return;
    const { operationData: _data, ...rest } = still;
    const isTaken = read.ok && (await isItsPlace(session, row.resourceId, conversationId, read.value));
    if (isTaken) {
      const merged = await mergeSpace(store, row.resourceId, read.value, clock.now());
      await recordConflicts(session, merged);
      for (const { row: file, isSettled } of merged) if (isSettled) settled.push(file.id);
    }
    await store.syncOperations.put({ ...rest, status: isTaken ? 'done' : 'failed', completedAt: clock.now() });
  });
  for (const id of settled) await settleFile(session, id);
}

/** Whether the workspace is that of this conversation. One that is not known yet begins with this piece. */
async function isItsPlace(
  { store, identity, clock }: Session,
  id: string,
  conversationId: QueuedPiece['conversationId'],
  { n }: Space,
): Promise<boolean> {
  const place = conversationId === notesConversationId(identity.account) ? undefined : conversationId;
  const known = await store.workspaces.get(id);
  if (known !== undefined) return known.conversationId === place || known.settings?.hasLeft === true;
  if (place !== undefined && (await store.conversations.get(place)) === undefined) return false;
  const given = { id, userId: identity.account, name: n?.v ?? '', at: n?.t ?? '' };
  await addWorkspace(store, { ...given, conversationId: place }, clock.now());
  return true;
}
