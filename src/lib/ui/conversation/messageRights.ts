import type { MessageId } from '../../core/ids.ts';
import type { ConversationView, MessageItem } from '../../services/client.ts';

/** What the person at this device may do with a message: the menu offers no more than this. */
export interface MessageRights {
  readonly answer: boolean;
  readonly edit: boolean;
  readonly forward: boolean;
  readonly pin: boolean;
  readonly copy: boolean;
  readonly markUnread: boolean;
  readonly deleteForEveryone: boolean;
}

/**
 * The message that was sent last, while it can be taken back where it was written.
 * @param head of the thread that is asked about, instead of the conversation
 */
export const undoableIn = (
  { undoable, messages }: Pick<ConversationView, 'undoable' | 'messages'>,
  head?: MessageId,
): ConversationView['undoable'] =>
  messages.find(({ id }) => id === undoable?.id)?.inThread?.id === head ? undoable : undefined;

export function rightsTo(
  message: MessageItem,
  view: Pick<ConversationView, 'canSend' | 'canPin' | 'canDeleteAny'>,
): MessageRights {
  const isText = message.type === 'text' && message.deletedBy === undefined;
  const isOpen = isText && view.canSend;
  const hasText = isText && message.text !== '';
  return {
    answer: isOpen,
    edit: isOpen && message.isOutgoing,
    forward: hasText || (isText && message.attachments?.some(({ state }) => state !== 'gone') === true),
    pin: isOpen && view.canPin,
    copy: hasText,
    markUnread: isText && !message.isOutgoing,
    deleteForEveryone: isOpen && (message.isOutgoing || view.canDeleteAny),
  };
}
