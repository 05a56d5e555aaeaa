import type { AccountId, ConversationId } from '../core/ids.ts';
import { newId, type MessageId } from '../core/ids.ts';
import type { GroupChange } from '../domain/groupChanges.ts';
import { addMessage } from '../db/messages/add.ts';
import { messageTables } from '../db/messages/whole.ts';
import type { Identity } from './identity.ts';
import { nextSortKey, type Composer } from './compose.ts';

/** What happened to a group, as it stands in the metadata of a system line. People by account. */
export type NoticeFacts =
  | { readonly what: 'created' | 'joined'; readonly by?: AccountId }
  /** A device of theirs came back with new keys, or is new. */
  | { readonly what: 'returned' | 'device'; readonly who: readonly AccountId[] }
  /** The relay had no more of what was written before: it was too old. Of this device, so `who` is oneself. */
  | { readonly what: 'missed'; readonly who: readonly AccountId[] }
  | GroupChange;

/** Tables of {@link addNotice}. */
export const noticeTables = [...messageTables, 'settings'] as const;

/** Adds a system line to a conversation inside the caller's transaction. */
export async function addNotice(
  composer: Composer & { readonly identity: Identity },
  conversationId: ConversationId,
  notice: NoticeFacts,
): Promise<void> {
  const { store, identity, clock, random } = composer;
  const { sortKey, at } = await nextSortKey(composer);
  const now = clock.now();
  await addMessage(store, {
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
