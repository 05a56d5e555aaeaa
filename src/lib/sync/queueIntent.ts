import { newId, type ConversationId } from '../core/ids.ts';
import { nextSortKey, type Composer } from './compose.ts';
import type { Intent } from './intents.ts';

/** Tables of {@link queueIntent}. */
export const queueTables = ['offlineOperations', 'settings'] as const;

/**
 * Puts a change of a group in the outbox, inside the caller's transaction, to be carried out when the
 * relay can be reached.
 * @param id the same for the same change, where it must not be queued twice.
 */
export async function queueIntent(
  composer: Composer,
  lane: ConversationId,
  intent: Intent,
  id: string = newId(composer.random),
): Promise<void> {
  const { store, identity, clock } = composer;
  if ((await store.offlineOperations.get(id)) !== undefined) return;
  const { sortKey } = await nextSortKey(composer);
  await store.offlineOperations.add({
    id,
    userId: identity.account,
    deviceId: identity.device,
    operationType: intent.what,
    operationData: intent,
    lane,
    sortKey,
    createdAt: clock.now(),
    retryCount: 0,
    maxRetries: 3,
    nextAttemptAt: 0,
    status: 'pending',
  });
}
