import type { ConversationId } from '../../core/ids.ts';
import type { CairnClient, ConversationView } from '../../services/client.ts';

/** Marks all of a conversation as read. */
export async function readAll(client: CairnClient, id: ConversationId): Promise<void> {
  await client.setConversation(id, { isMarkedUnread: false });
  const seen = Promise.withResolvers<ConversationView | undefined>();
  const stop = await client.watchConversation(id, 1, seen.resolve);
  const newest = (await seen.promise)?.messages.at(-1);
  stop();
  if (newest !== undefined) await client.markRead(id, newest.id);
}
