import type { ConversationId, MessageId } from '../../core/ids.ts';
import type { Change } from '../../domain/messageChanges.ts';
import type { Store, WaitingChangeRow } from '../store.ts';

/** Changes that wait for their message, at most this many in a conversation: beyond, the oldest go. */
export const MOST_WAITING = 500;

/** Keeps a change until its message comes, inside the caller's transaction. */
export async function keepWaiting(store: Store, row: WaitingChangeRow): Promise<void> {
  await store.waitingChanges.put(row);
  const ofConversation = store.waitingChanges
    .where('[conversationId+receivedAt]')
    .between([row.conversationId, -Infinity], [row.conversationId, Infinity]);
  const tooMany = (await ofConversation.count()) - MOST_WAITING;
  if (tooMany > 0) await store.waitingChanges.bulkDelete(await ofConversation.limit(tooMany).primaryKeys());
}

/** What waited for these messages; from now on it waits no more. In the caller's transaction. */
export async function takeWaiting(
  store: Store,
  conversationId: ConversationId,
  ids: readonly MessageId[],
): Promise<(Pick<WaitingChangeRow, 'messageId' | 'targetAt' | 'role'> & { readonly change: Change })[]> {
  if (ids.length === 0 || (await store.waitingChanges.limit(1).count()) === 0) return [];
  const rows = await store.waitingChanges.where('messageId').anyOf(ids).toArray();
  const ours = rows.filter((row) => row.conversationId === conversationId);
  await store.waitingChanges.bulkDelete(ours.map((row) => row.id));
  return ours.map(({ messageId, targetAt, role, change }) => ({ messageId, targetAt, role, change: change as Change }));
}
