import type { AccountId, ConversationId, DeviceId, MessageId } from '../../core/ids.ts';
import {
  boolean,
  bytes,
  cascade,
  index,
  integer,
  json,
  multi,
  oneOf,
  optional,
  sealed,
  setNull,
  table,
  text,
  texts,
  unique,
} from '../declare.ts';
import type { MessageMetadata, PreviewedMessage, SharedFacts } from '../values.ts';

/** Text of one message in UTF-8. */
export const MESSAGE_LIMIT = 1024 * 1024;

export const messages = table({
  key: ['conversationId', 'sortKey'],
  columns: {
    id: text<MessageId>(),
    conversationId: text<ConversationId>(),
    senderId: text<AccountId>(),
    deviceId: optional(text<DeviceId>()),
    type: oneOf('text', 'system', 'file', 'image', 'voice', 'video', 'code', 'markdown', 'encrypted'),
    /** Absent in a tombstone, and where the body lives in `messageContents`. */
    content: sealed(optional(text())),
    metadata: sealed(optional(json<MessageMetadata>())),
    isOutgoing: boolean(),
    isEncrypted: boolean(),
    status: oneOf('queued', 'sent', 'delivered', 'read', 'failed', 'stale'),
    /** Head of the thread. Not a relation: the head may arrive later or be in the archive. */
    parentMessageId: optional(text<MessageId>()),
    replyTo: optional(text<MessageId>()),
    /** Hybrid logical clock as text; see `core/clock`. */
    sortKey: text(),
    timestamp: integer(),
    editedAt: optional(integer()),
    isDeleted: boolean(),
    deletedAt: optional(integer()),
    expiresAt: optional(integer()),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [
    unique('id'),
    index('conversationId', 'parentMessageId', 'sortKey'),
    index('senderId', 'sortKey'),
    index('sortKey'),
    index('conversationId', 'isDeleted'),
    index('deviceId'),
    index('expiresAt'),
    index('status', 'sortKey'),
  ],
  relations: [cascade('conversationId', 'conversations', 'id'), setNull('deviceId', 'devices', 'id')],
  fixed: ['id'],
  checks: [
    {
      name: 'content-size',
      columns: ['content'],
      test: (row) => row.content === undefined || fitsInUtf8(row.content, MESSAGE_LIMIT),
    },
    {
      name: 'edited-after-sent',
      columns: ['editedAt', 'timestamp'],
      test: (row) => row.editedAt === undefined || row.editedAt >= row.timestamp,
    },
    {
      name: 'tombstone-without-content',
      columns: ['isDeleted', 'content'],
      test: (row) => !row.isDeleted || row.content === undefined,
    },
  ],
});

/** Bodies over 16 KiB, compressed before sealing. */
export const messageContents = table({
  key: 'messageId',
  columns: {
    messageId: text<MessageId>(),
    content: sealed(bytes()),
    compressionAlgorithm: oneOf('none', 'deflate'),
    compressedSize: integer(),
    originalSize: integer(),
  },
  relations: [cascade('messageId', 'messages', 'id')],
  checks: [
    { name: 'content-size', columns: ['originalSize'], test: (row) => row.originalSize <= MESSAGE_LIMIT },
    {
      name: 'none-is-as-it-was',
      columns: ['compressionAlgorithm', 'compressedSize', 'originalSize'],
      test: (row) => row.compressionAlgorithm !== 'none' || row.compressedSize === row.originalSize,
    },
  ],
});

/** The log that edits, reactions, receipts and deletions are merged from. */
export const messageChanges = table({
  key: 'id',
  columns: {
    id: text(),
    messageId: text<MessageId>(),
    changeType: oneOf('create', 'edit', 'delete', 'react', 'unreact', 'read', 'pin', 'unpin'),
    changeData: sealed(json()),
    deviceId: text<DeviceId>(),
    userId: text<AccountId>(),
    /** Hybrid logical clock as text, as in `messages.sortKey`. */
    timestamp: text(),
    syncStatus: oneOf('pending', 'synced', 'conflict'),
    conflictId: optional(text()),
  },
  indexes: [index('messageId', 'timestamp'), index('syncStatus', 'timestamp'), index('conflictId')],
  relations: [cascade('messageId', 'messages', 'id')],
});

/** One row for each person and emoji. */
export const messageReactions = table({
  key: ['messageId', 'userId', 'emojiKey'],
  columns: {
    messageId: text<MessageId>(),
    userId: text<AccountId>(),
    /** Keyed hash of the emoji. */
    emojiKey: text(),
    emoji: sealed(text()),
    timestamp: integer(),
  },
  relations: [cascade('messageId', 'messages', 'id')],
});

export const messageReadReceipts = table({
  key: ['messageId', 'userId'],
  columns: {
    messageId: text<MessageId>(),
    userId: text<AccountId>(),
    deliveredAt: optional(integer()),
    readAt: optional(integer()),
  },
  indexes: [index('userId')],
  relations: [cascade('messageId', 'messages', 'id')],
  checks: [
    {
      name: 'says-something',
      columns: ['deliveredAt', 'readAt'],
      test: (row) => row.deliveredAt !== undefined || row.readAt !== undefined,
    },
  ],
});

export const fileAttachments = table({
  key: 'id',
  columns: {
    id: text(),
    messageId: text<MessageId>(),
    transferId: optional(text()),
    name: sealed(text()),
    mimeType: sealed(text()),
    /** A small picture; of a voice message the loudness of 48 equal stretches of it. */
    thumbnail: sealed(optional(bytes())),
    fileKey: sealed(optional(bytes())),
    size: integer(),
    width: optional(integer()),
    height: optional(integer()),
    /** Milliseconds. */
    duration: optional(integer()),
  },
  indexes: [index('messageId'), index('transferId')],
  relations: [cascade('messageId', 'messages', 'id'), setNull('transferId', 'fileTransfers', 'transferId')],
});

/**
 * Every file and link on a message, wherever the message lies, so that their list reads no message. Kept with
 * every change of messages: see `db/messages/shared.ts`.
 */
export const sharedFiles = table({
  key: 'id',
  columns: {
    /** Of the attachment; of a link `message/link/number`. */
    id: text(),
    messageId: text<MessageId>(),
    conversationId: text<ConversationId>(),
    kind: oneOf('image', 'video', 'audio', 'document', 'link'),
    /** Sort key of the message and place on it: the newest is the greatest, the first file of a message too. */
    place: text(),
    transferId: optional(text()),
    size: integer(),
    /** Of a file; of a link the address. */
    name: sealed(text()),
    senderId: sealed(text<AccountId>()),
    facts: sealed(json<SharedFacts>()),
  },
  indexes: [
    index('messageId'),
    index('place'),
    index('kind', 'place'),
    index('conversationId', 'place'),
    index('conversationId', 'kind', 'place'),
  ],
  relations: [cascade('conversationId', 'conversations', 'id')],
});

/** Older messages of a conversation, packed in blocks that never cross a month. */
export const messagesArchive = table({
  key: ['conversationId', 'firstSortKey'],
  columns: {
    conversationId: text<ConversationId>(),
    /** `YYYYMM`. */
    month: text(),
    count: integer(),
    firstSortKey: text(),
    lastSortKey: text(),
    /** What the messages in the block are found by; see `db/messages/lookups.ts`. */
    lookups: optional(texts()),
    block: sealed(bytes()),
  },
  indexes: [index('month'), index('conversationId', 'lastSortKey'), multi('lookups')],
  relations: [cascade('conversationId', 'conversations', 'id')],
});

/** The newest message of a conversation, so that the list of conversations reads no message. */
export const messagePreviews = table({
  key: 'conversationId',
  columns: {
    conversationId: text<ConversationId>(),
    messageId: text<MessageId>(),
    sortKey: text(),
    /** In clear, so that a locked app can move it on. */
    status: messages.columns.status,
    message: sealed(json<PreviewedMessage>()),
  },
  relations: [cascade('conversationId', 'conversations', 'id')],
});

/** How many messages there are of a kind, kept with every change; tombstones don't count. */
export const messageCounters = table({
  key: ['conversationId', 'kind', 'name'],
  columns: {
    conversationId: text<ConversationId>(),
    kind: oneOf('type', 'sender', 'day'),
    /** A type, an account, or a day in UTC: `YYYY-MM-DD`. */
    name: text(),
    count: sealed(integer()),
    /** Of the texts, in UTF-8. */
    bytes: sealed(integer()),
  },
  indexes: [index('kind', 'name')],
  relations: [cascade('conversationId', 'conversations', 'id')],
});

/** Whether `text` takes at most `limit` bytes in UTF-8, without encoding it where its length already tells. */
function fitsInUtf8(text: string, limit: number): boolean {
  if (text.length * 3 <= limit) return true;
  return text.length <= limit && new TextEncoder().encode(text).length <= limit;
}
