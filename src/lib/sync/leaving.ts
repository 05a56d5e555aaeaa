import { base64urlFromBytes, type Bytes } from '../core/bytes.ts';
import type { AccountId, ConversationId } from '../core/ids.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { sha256 } from '../crypto/primitives.ts';
import { nextSortKey, type Composer } from './compose.ts';
import type { Intent } from './intents.ts';

/**
 * Somebody wants to leave: MLS lets nobody remove themselves, so whoever reads their signed note takes
 * on to commit the removal. The first commit wins; for the others nothing is left to do.
 */
export async function queueRelease(
  composer: Composer,
  conversationId: ConversationId,
  account: AccountId,
  note: Bytes,
): Promise<void> {
  const { store, identity, clock } = composer;
  const groupId = await groupOfConversation(store, conversationId);
  if (groupId === undefined || account === identity.account) return;
  const id = base64urlFromBytes(sha256(note).slice(0, 16));
  if ((await store.offlineOperations.get(id)) !== undefined) return;
  const { sortKey } = await nextSortKey(composer);
  const operationData: Intent = { what: 'release', groupId, account, note };
  await store.offlineOperations.add({
    id,
    userId: identity.account,
    deviceId: identity.device,
    operationType: 'release',
    operationData,
    lane: conversationId,
    sortKey,
    createdAt: clock.now(),
    retryCount: 0,
    maxRetries: 3,
    nextAttemptAt: 0,
    status: 'pending',
  });
}

