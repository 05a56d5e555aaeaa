import type { AccountId, ConversationId } from '../core/ids.ts';
import { wishesIn } from '../db/outbox.ts';
import type { GroupData } from '../domain/groupData.ts';
import type { Composer } from './compose.ts';
import { addNotice, noticeTables, type NoticeFacts } from './notices.ts';

/** Tables of {@link announce}. */
export const announceTables = [...noticeTables, 'offlineOperations', 'securityEvents'] as const;

/**
 * Says in the conversation what a commit changed, inside the caller's transaction, and drops the chore of
 * removing people who are gone already. In a direct chat that is only how
 * long messages stay.
 */
export async function announce(
  composer: Composer,
  conversationId: ConversationId,
  kind: GroupData['kind'],
  changes: readonly NoticeFacts[],
): Promise<void> {
  for (const change of changes) {
    if (kind !== 'group' && change.what !== 'timer') continue;
    if (change.what === 'left' || change.what === 'removed') await dropReleases(composer, conversationId, change.who);
    await addNotice(composer, conversationId, change);
  }
}

async function dropReleases(
  { store }: Composer,
  conversationId: ConversationId,
  gone: readonly AccountId[],
): Promise<void> {
  for (const operation of await wishesIn(store, conversationId)) {
    const data = operation.operationData as { readonly what?: string; readonly account?: AccountId } | undefined;
    if (data?.what !== 'release' || data.account === undefined || !gone.includes(data.account)) continue;
    await store.offlineOperations.delete(operation.id);
  }
}
