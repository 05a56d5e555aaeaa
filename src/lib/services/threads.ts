import type { ConversationId, MessageId } from '../core/ids.ts';
import { settle, type Result } from '../core/result.ts';
import { messageById } from '../db/messages/find.ts';
import { pageOfThread } from '../db/messages/orders.ts';
import { markThreadRead } from '../db/threads.ts';
import type { Composer } from '../sync/compose.ts';
import type { ThreadView } from './client.ts';
import { messageItems } from './messageItems.ts';
import type { Viewer } from './viewer.ts';

/** A thread: the message that it is about, where that is here, and the newest `limit` answers, oldest first. */
export async function viewThread(
  viewer: Viewer,
  conversationId: ConversationId,
  headId: MessageId,
  limit: number,
): Promise<ThreadView | undefined> {
  const { store } = viewer;
  if ((await store.conversations.get(conversationId)) === undefined) return undefined;
  const head = await messageById(store, headId);
  const { rows, hasOlder } = await pageOfThread(store, conversationId, headId, { limit });
  const here = head?.conversationId === conversationId ? [head] : [];
  const items = await messageItems(viewer, conversationId, [...here, ...rows]);
  const messages = items.slice(here.length);
  const thread = await store.threads.get([conversationId, headId]);
  return {
    ...(here.length > 0 && items[0] !== undefined ? { head: items[0] } : {}),
    messages,
    hasOlder,
    unread: thread?.unread ?? 0,
  };
}

/** The person has seen the thread. */
export const readThread = (
  { store }: Composer,
  conversationId: ConversationId,
  headId: MessageId,
): Promise<Result<void>> => settle(store.tx('rw', ['threads'], () => markThreadRead(store, conversationId, headId)));
