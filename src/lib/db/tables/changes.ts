import type { AccountId, ConversationId, DeviceId, MessageId } from '../../core/ids.ts';
import { roles } from '../../domain/roles.ts';
import { bytes, cascade, index, integer, json, oneOf, sealed, table, text } from '../declare.ts';

/** Changes of messages that are not on this device yet, a bounded number for each conversation. */
export const waitingChanges = table({
  key: 'id',
  columns: {
    id: text(),
    conversationId: text<ConversationId>(),
    messageId: text<MessageId>(),
    /** Sort key of the message, as the change names it. */
    targetAt: text(),
    change: sealed(json()),
    /** Of its author, when it came. */
    role: oneOf(...roles),
    receivedAt: integer(),
  },
  indexes: [index('messageId'), index('conversationId', 'receivedAt')],
  relations: [cascade('conversationId', 'conversations', 'id')],
});

/** Messages that are pinned in their conversation, wherever they lie. */
export const pinnedMessages = table({
  key: ['conversationId', 'messageId'],
  columns: {
    conversationId: text<ConversationId>(),
    messageId: text<MessageId>(),
    /** Of the message. */
    sortKey: text(),
    pinnedBy: text<AccountId>(),
    pinnedAt: integer(),
  },
  indexes: [index('conversationId', 'pinnedAt')],
  relations: [cascade('conversationId', 'conversations', 'id')],
});

/** One row for each message that has answers in a thread of its own. */
export const threads = table({
  key: ['conversationId', 'headId'],
  columns: {
    conversationId: text<ConversationId>(),
    headId: text<MessageId>(),
    replies: integer(),
    /** Of others, since the person last looked. */
    unread: integer(),
    lastSortKey: text(),
    lastActivity: integer(),
  },
  indexes: [index('conversationId', 'lastSortKey')],
  relations: [cascade('conversationId', 'conversations', 'id')],
});

/** What newer apps sent and this one does not know: kept, and looked at again after an update. */
export const laterContents = table({
  key: 'id',
  columns: {
    id: text<MessageId>(),
    conversationId: text<ConversationId>(),
    senderId: text<AccountId>(),
    deviceId: text<DeviceId>(),
    /** Of the sender, when it came. */
    role: oneOf(...roles),
    content: sealed(bytes()),
    /** Version of the contents that the app knew which put it aside. */
    version: integer(),
    receivedAt: integer(),
  },
  indexes: [index('conversationId'), index('version')],
  relations: [cascade('conversationId', 'conversations', 'id')],
});
