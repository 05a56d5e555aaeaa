import type { ConversationId } from '../../core/ids.ts';
import { searchQueueTables } from '../search/queue.ts';
import type {
  FileAttachmentRow,
  MessageChangeRow,
  MessageContentRow,
  MessageReactionRow,
  MessageReadReceiptRow,
  MessageRow,
  TableName,
} from '../store.ts';

/** What hangs on a message. */
export interface Satellites {
  changes: MessageChangeRow[];
  reactions: MessageReactionRow[];
  receipts: MessageReadReceiptRow[];
  attachments: FileAttachmentRow[];
}

/** A message with all that hangs on it, wherever it lies. */
export interface WholeMessage extends Satellites {
  /** With its text, also where that is long and kept apart. */
  row: MessageRow;
}

/** A message as it is kept: a long text is in `body`, and not in the row. */
export interface StoredMessage extends Satellites {
  row: MessageRow;
  body?: MessageContentRow;
}

/** A message that came, changed or went. */
export interface MessageChange {
  readonly before?: StoredMessage | undefined;
  readonly after?: StoredMessage | undefined;
}

/** Where a message stands: the key of its row, were it one. */
export interface Place {
  readonly conversationId: ConversationId;
  readonly sortKey: string;
}

export const placeOf = ({ conversationId, sortKey }: MessageRow): Place => ({ conversationId, sortKey });

/** Tables of a transaction in which messages are added, altered or deleted. */
export const messageTables: readonly TableName[] = [
  'messages',
  'messageContents',
  'messageChanges',
  'messageReactions',
  'messageReadReceipts',
  'fileAttachments',
  'fileTransfers',
  'fileChunks',
  'sharedFiles',
  'messagesArchive',
  'messagePreviews',
  'messageCounters',
  'conversations',
  ...searchQueueTables,
];

export const nothingHangs = (): Satellites => ({ changes: [], reactions: [], receipts: [], attachments: [] });
