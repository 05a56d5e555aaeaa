import type { ConversationId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { pageOf } from '../db/messages/pages.ts';
import { getRoom } from '../db/rooms.ts';
import type { Composer } from '../sync/compose.ts';
import { messageItems } from './messageItems.ts';
import type { MessageItem } from './client.ts';
import type { ConversationExport, ExportedMessage } from './settingsClient.ts';

/** Messages read at once. */
const PAGE = 500;

/** Everything of a conversation that can be read here, the oldest first. Refused: `not-found`. */
export async function exportConversation(
  { store, identity, clock }: Composer,
  id: ConversationId,
): Promise<Result<ConversationExport>> {
  const room = await getRoom(store, id);
  if (room === undefined) return err({ code: 'not-found', retry: 'never' });
  const viewer = { store, identity };
  const messages: ExportedMessage[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await pageOf(store, { conversationId: id, after, limit: PAGE });
    messages.push(...(await messageItems(viewer, id, page.rows)).filter(isSaid).map(exported));
    after = page.hasNewer ? page.rows.at(-1)?.sortKey : undefined;
  }
  const kind = room.kind === 'system' ? 'notes' : room.groupId === undefined ? 'direct' : 'group';
  return ok({ title: room.title, kind, exportedAt: clock.now(), messages });
}

/** Lines of the app itself, and what cannot be read, say nothing to whoever reads the file. */
const isSaid = ({ type }: MessageItem): boolean => type !== 'system' && type !== 'encrypted';

const exported = (message: MessageItem): ExportedMessage => ({
  id: message.id,
  at: message.at,
  from: message.isOutgoing ? '' : message.senderName,
  text: message.text,
  ...(message.editedAt === undefined ? {} : { editedAt: message.editedAt }),
  ...(message.deletedBy === undefined ? {} : { isDeleted: true }),
  ...(message.quote === undefined ? {} : { answers: message.quote.id }),
  ...(message.reactions === undefined
    ? {}
    : { reactions: message.reactions.map(({ emoji, names }) => ({ emoji, names })) }),
});
