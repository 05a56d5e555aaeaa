import type { ConversationId, GroupId } from '../core/ids.ts';
import { refuse } from '../core/result.ts';
import type { MlsGroupRow, Store } from './store.ts';

/** Serialised MLS states. Written only over the revision that was read, together with what the step produced. */

export async function loadMlsGroup(store: Store, groupId: GroupId): Promise<MlsGroupRow | undefined> {
  return store.mlsGroups.get(groupId);
}

/**
 * Stores the next state of a group inside the caller's transaction.
 * @param row the state with the revision that was read; the stored one gets the next revision.
 * Refused: `torn-state` when somebody else wrote in between: read again and decide again.
 */
export async function saveMlsGroup(store: Store, row: MlsGroupRow): Promise<void> {
  const stored = await store.mlsGroups.get(row.groupId);
  if ((stored?.revision ?? 0) !== row.revision) {
    refuse({ code: 'torn-state', retry: 'now', detail: `revision ${stored?.revision ?? 0} is not ${row.revision}` });
  }
  await store.mlsGroups.put({ ...row, revision: row.revision + 1 });
}

/**
 * The group that carries a conversation: for a direct chat that both people started at the same moment
 * the one with the smaller id, on both sides.
 */
export async function groupOfConversation(store: Store, conversationId: ConversationId): Promise<GroupId | undefined> {
  const ids = await store.mlsGroups.where('conversationId').equals(conversationId).primaryKeys();
  return ids.sort()[0];
}
