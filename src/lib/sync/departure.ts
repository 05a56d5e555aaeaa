import type { StreamId } from '../core/ids.ts';
import { finishEntries, setBuffered } from '../db/inbox.ts';
import { outboxTables, recordFailed } from '../db/outbox.ts';
import type { InboxRow, MlsGroupRow } from '../db/store.ts';
import { announce, announceTables } from './announce.ts';
import type { NoticeFacts } from './notices.ts';
import type { Session } from './session.ts';

/** Tables of {@link leaveBehind}. */
export const leaveTables = [
  ...announceTables,
  ...outboxTables,
  'mlsGroups',
  'senderKeys',
  'groupMembers',
  'inbox',
] as const;

/**
 * This device is out of a group: history stays, keys and the group's state go, and what still waited says
 * so. Inside the caller's transaction.
 * @param changes what is told. @param row the commit behind it.
 */
export async function leaveBehind(
  session: Session,
  stored: MlsGroupRow,
  changes: readonly NoticeFacts[],
  row?: InboxRow,
): Promise<void> {
  const { store, identity } = session;
  await announce(session, stored.conversationId, 'group', changes);
  await store.mlsGroups.delete(stored.groupId);
  await store.groupMembers.delete([stored.groupId, identity.account]);
  for (const operation of await store.offlineOperations.where('lane').equals(stored.conversationId).toArray()) {
    const isChore = CHORES.has(operation.operationType) || operation.operationType === 'leave';
    const isQuiet = operation.operationType === 'append' && operation.messageId === undefined;
    if (isChore || isQuiet) await store.offlineOperations.delete(operation.id);
    else await recordFailed(store, operation, 'not-a-member');
  }
  // A welcome that brings us back may have come before the commit that removed us was read.
  await setBuffered(store, identity.device as string as StreamId, false);
  if (row !== undefined) await finishEntries(store, [{ row, outcome: 'Applied' }]);
}

/** Operations that the app set itself: nobody is told when they come to nothing. */
export const CHORES: ReadonlySet<string> = new Set([
  'release',
  'rotate',
  'answer',
  'again',
  'rejoin',
  'devices',
  'revoke',
  'own',
]);
