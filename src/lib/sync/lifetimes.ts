import type { ConversationId } from '../core/ids.ts';
import { wishesIn } from '../db/outbox.ts';
import type { ConversationRow, OfflineOperationRow, Store } from '../db/store.ts';
import type { Intent } from './intents.ts';

/** How long what is written now stays in a conversation, in milliseconds; `undefined` where it stays. */
export async function lifetimeOf(store: Store, id: ConversationId): Promise<number | undefined> {
  const conversation = await store.conversations.get(id);
  if (conversation === undefined) return undefined;
  return lifetimeIn(conversation, await wishesIn(store, id));
}

/** As the group has agreed; an own wish that waits counts already. @param operations that wait for this conversation. */
export function lifetimeIn(
  conversation: Pick<ConversationRow, 'metadata'>,
  operations: readonly OfflineOperationRow[],
): number | undefined {
  const wishes = operations
    .filter(({ operationType, status }) => operationType === 'settings' && status !== 'failed')
    .flatMap(({ operationData }) => {
      const intent = operationData as Intent;
      return intent.what === 'settings' ? (intent.disappearAfter ?? []) : [];
    });
  const agreed = conversation.metadata?.['disappearAfter'];
  const lifetime = wishes.at(-1) ?? (typeof agreed === 'number' ? agreed : 0);
  return lifetime === 0 ? undefined : lifetime;
}
