import type { AccountId, ConversationId } from '../core/ids.ts';
import { newId, type MessageId } from '../core/ids.ts';
import type { Identity } from './identity.ts';
import { nextSortKey, type Composer } from './compose.ts';

/** What happened to a group, as it stands in the metadata of a system line. People by account. */
export type NoticeFacts =
  | { readonly what: 'created' | 'joined'; readonly by?: AccountId }
  | { readonly what: 'added' | 'removed'; readonly by: AccountId; readonly who: readonly AccountId[] }
  | { readonly what: 'left'; readonly who: readonly AccountId[] };

/** Tables of {@link addNotice}. */
export const noticeTables = ['messages', 'conversations', 'settings'] as const;

/** Adds a system line to a conversation inside the caller's transaction. */
export async function addNotice(
  composer: Composer & { readonly identity: Identity },
  conversationId: ConversationId,
  notice: NoticeFacts,
): Promise<void> {
  const { store, identity, clock, random } = composer;
  const { sortKey, at } = await nextSortKey(composer);
  const now = clock.now();
  await store.messages.add({
    id: newId<MessageId>(random),
    conversationId,
    senderId: identity.account,
    type: 'system',
    content: '',
    metadata: { notice },
    isOutgoing: false,
    isEncrypted: false,
    status: 'read',
    sortKey,
    timestamp: at,
    isDeleted: false,
    createdAt: now,
    updatedAt: now,
  });
  await store.conversations.update(conversationId, { lastActivity: at, updatedAt: now });
}
