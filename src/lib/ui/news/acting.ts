import { goto } from '$app/navigation';
import { page } from '$app/state';
import type { ConversationId } from '../../core/ids.ts';
import type { NotificationMessage, Outcome } from '../../core/pageMessages.ts';
import type { CairnClient, ConversationItem } from '../../services/client.ts';
import { readAll } from '../chats/readAll.ts';

/** Does what the person asked of a notification, as the buttons of the app would; else leads there. */
export async function carryOut(client: CairnClient, message: NotificationMessage): Promise<Outcome> {
  const { action, text } = message;
  const conversation = message.conversation as ConversationId | undefined;
  if (conversation !== undefined && action === 'read') {
    await readAll(client, conversation);
    return 'done';
  }
  if (conversation !== undefined && action === 'reply' && text !== '') {
    const sent = await client.sendText(conversation, text);
    if (sent.ok) {
      await readAll(client, conversation);
      return 'done';
    }
  }
  await lead(client, message);
  return 'refused';
}

/** Opens the conversation; what was typed becomes its draft, for the person to send. */
export async function lead(client: CairnClient, { conversation, action, text }: NotificationMessage): Promise<void> {
  if (conversation === undefined) {
    await goto('/chats');
    return;
  }
  const id = conversation as ConversationId;
  if (text !== '') {
    // A composer that is open reads its draft no more.
    if (page.params['id'] === id) await goto('/chats', { replaceState: true });
    const draft = (await conversationsOf(client)).find((item) => item.id === id)?.draft ?? '';
    await client.saveDraft(id, draft === '' ? text : `${draft}\n${text}`);
  }
  await goto(`/chats/${id}`, { state: action === 'reply' ? { isWriting: true } : {} });
}

/** The conversations as they are now. */
export async function conversationsOf(client: CairnClient): Promise<readonly ConversationItem[]> {
  const seen = Promise.withResolvers<readonly ConversationItem[]>();
  const stop = await client.watchConversations(seen.resolve);
  const items = await seen.promise;
  stop();
  return items;
}
