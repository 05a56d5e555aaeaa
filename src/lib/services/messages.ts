import { utf8 } from '../core/bytes.ts';
import type { ConversationId, MessageId } from '../core/ids.ts';
import { newId } from '../core/ids.ts';
import { err, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { markReadUpTo } from '../db/messages.ts';
import { limits } from '../protocol/limits.ts';
import { compose, composeTables, newMessageId, nextSortKey, sealAhead, type Composer } from '../sync/compose.ts';

const sendTables = [...composeTables, 'messages', 'conversations', 'groupMembers', 'devices', 'users'] as const;

/**
 * Stores a message, its sealed record and the advanced chain in one transaction: from then on it is the
 * person's to see and the outbox's to send. Refused: `empty`, `too-long`, `not-found`, `not-a-member`.
 */
export async function sendText(
  composer: Composer,
  conversationId: ConversationId,
  input: string,
): Promise<Result<MessageId, Fault>> {
  const { store, identity, clock, random } = composer;
  const text = input.trim();
  if (text === '') return err({ code: 'empty', retry: 'never' });
  if (utf8(text).length > limits.text) return err({ code: 'too-long', retry: 'person' });
  const id = newId<MessageId>(random);
  return settle(async () => {
    const { sortKey, at } = await store.tx('rw', ['settings'], () => nextSortKey(composer));
    const content = { k: 'text' as const, s: sortKey, t: text };
    const ahead = await sealAhead(composer, conversationId, content, id);
    return store.tx('rw', sendTables, async () => {
      const conversation = await store.conversations.get(conversationId);
      if (conversation === undefined) return refuse({ code: 'not-found', retry: 'never' });
      if (!(await maySend(composer, conversationId))) return refuse({ code: 'not-a-member', retry: 'person' });
      const now = clock.now();
      await store.messages.add({
        id,
        conversationId,
        senderId: identity.account,
        deviceId: identity.device,
        type: 'text',
        content: text,
        isOutgoing: true,
        isEncrypted: true,
        status: 'queued',
        sortKey,
        timestamp: at,
        isDeleted: false,
        createdAt: now,
        updatedAt: now,
      });
      await compose(composer, conversationId, content, { id, sortKey, isMessage: true, ahead });
      await store.conversations.update(conversationId, {
        lastActivity: at,
        lastReadSortKey: sortKey,
        unreadCount: 0,
        draft: '',
        updatedAt: now,
      });
      return id;
    });
  });
}

/** Whether messages written now have a way: there is a group, or one is about to be made. */
export async function maySend({ store }: Composer, conversationId: ConversationId): Promise<boolean> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation === undefined || conversation.metadata?.['leaving'] === true) return false;
  if ((await groupOfConversation(store, conversationId)) !== undefined) return true;
  const waiting = await store.offlineOperations.where('lane').equals(conversationId).toArray();
  return waiting.some((operation) => operation.operationType === 'create' && operation.status !== 'failed');
}

/** Keeps what is being written with its conversation. */
export async function saveDraft({ store, clock }: Composer, id: ConversationId, text: string): Promise<Result<void>> {
  return settle(
    store.tx('rw', ['conversations'], async () => {
      const conversation = await store.conversations.get(id);
      if (conversation === undefined) return refuse({ code: 'not-found', retry: 'never' });
      if ((conversation.draft ?? '') !== text)
        await store.conversations.update(id, { draft: text, updatedAt: clock.now() });
    }),
  );
}

/**
 * The person has seen the conversation up to this message. Tells the senders, in the same transaction,
 * and moves the mark only forward. Refused: `not-found`.
 */
export async function markRead(composer: Composer, id: ConversationId, upTo: MessageId): Promise<Result<void>> {
  const { store, clock, random } = composer;
  return settle(
    store.tx('rw', [...composeTables, 'messages', 'conversations'], async () => {
      const message = await store.messages.where('id').equals(upTo).first();
      if (message === undefined || message.conversationId !== id) return refuse({ code: 'not-found', retry: 'never' });
      const read = await markReadUpTo(store, id, message.sortKey, clock.now());
      if (read.length === 0 || (await groupOfConversation(store, id)) === undefined) return;
      const { sortKey } = await nextSortKey(composer);
      const content = { k: 'receipt' as const, d: [], r: read.map((row) => row.id) };
      await compose(composer, id, content, { id: newMessageId(random), sortKey, isMessage: false });
    }),
  );
}
