import type { ConversationId, MessageId } from '../core/ids.ts';
import { limits } from '../protocol/limits.ts';
import { compose, newMessageId, nextSortKey, type Composer } from './compose.ts';
import type { Session } from './session.ts';

/**
 * Tells the senders which messages arrived on this device (`d`) or were seen by the person (`r`), inside the
 * caller's transaction; in as many records as it takes, because one names only so many.
 */
export async function composeReceipts(
  composer: Composer,
  conversationId: ConversationId,
  which: 'd' | 'r',
  ids: readonly MessageId[],
): Promise<void> {
  for (let at = 0; at < ids.length; at += limits.receiptIds) {
    const { sortKey } = await nextSortKey(composer);
    const content = { k: 'receipt' as const, d: [], r: [], [which]: ids.slice(at, at + limits.receiptIds) };
    const place = { id: newMessageId(composer.random), sortKey, isMessage: false };
    await compose(composer, conversationId, content, place);
  }
}

/**
 * Whether what is read here is told, and what others read is kept: a person has both or neither. Inside the
 * caller's transaction, which has `users`.
 */
export const sharesReading = async ({ store, identity }: Pick<Session, 'store' | 'identity'>): Promise<boolean> =>
  (await store.users.get(identity.account))?.preferences?.readReceipts !== false;
