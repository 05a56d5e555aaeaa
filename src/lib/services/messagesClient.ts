import type { AccountId, ConversationId, MessageId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Notice } from './groupViews.ts';
import type { Unwatch } from './unwatch.ts';

/** Messages: writing, changing and reading them. */
export interface MessagesClient {
  /** Shown at once, sent when it can be. Refused: `empty`, `too-long`, `not-a-member`. */
  sendText(
    id: ConversationId,
    text: string,
    /** The message that it answers, and the one whose thread it belongs to. */
    about?: { readonly replyTo?: MessageId; readonly parent?: MessageId },
  ): Promise<Result<MessageId>>;
  /** Files with a text, which may be empty. Refused also: `too-many-files`, `too-large`. */
  sendFiles(
    id: ConversationId,
    files: readonly OutgoingFile[],
    text: string,
    about?: { readonly replyTo?: MessageId; readonly parent?: MessageId },
  ): Promise<Result<MessageId>>;
  /** A file of a message, fetched if need be. Refused: `not-found`, `network`, `file-not-there-yet`, `file-damaged`. */
  openFile(message: MessageId, index: number): Promise<Result<Blob>>;
  /** Its small picture, or the loudness of a voice message: 48 bytes. Refused: `not-found`. */
  fileThumbnail(message: MessageId, index: number): Promise<Result<Uint8Array<ArrayBuffer>>>;
  /** Changes of messages show at once and go out when they can. All: `not-found`, `not-allowed`, `not-a-member`. */
  editMessage(id: MessageId, text: string): Promise<Result<void>>;
  deleteMessage(id: MessageId, from: 'me' | 'everyone'): Promise<Result<void>>;
  /** Refused also: `bad-reaction`. */
  react(id: MessageId, emoji: string): Promise<Result<void>>;
  /** The emoji that this person gave lately, the latest first. */
  recentReactions(): Promise<Result<readonly string[]>>;
  unreact(id: MessageId, emoji: string): Promise<Result<void>>;
  pin(id: MessageId): Promise<Result<void>>;
  unpin(id: MessageId): Promise<Result<void>>;
  /** Every text that a message had, the first one first. */
  messageHistory(id: MessageId): Promise<Result<readonly VersionItem[]>>;
  /** How far an own message got, person by person. */
  messageInfo(id: MessageId): Promise<Result<readonly DeliveryItem[]>>;
  /** One thread with its newest `limit` answers, oldest first. */
  watchThread(
    id: ConversationId,
    head: MessageId,
    limit: number,
    show: (view: ThreadView | undefined) => void,
  ): Unwatch;
  readThread(id: ConversationId, head: MessageId): Promise<Result<void>>;
}

export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'stale';

export interface MessageItem {
  readonly id: MessageId;
  readonly sortKey: string;
  readonly sender: AccountId;
  readonly senderName: string;
  readonly isOutgoing: boolean;
  readonly type: 'text' | 'system' | 'encrypted';
  /** Words of a system line are made by the page from `notice`. */
  readonly text: string;
  readonly notice?: Notice;
  /** Why an `encrypted` entry can't be read: an outcome of the protocol. */
  readonly reason?: string;
  /** Milliseconds since the epoch, as the sender said (bounded). */
  readonly at: number;
  /** Only of own messages. */
  readonly state?: MessageState;
  readonly editedAt?: number;
  /** Two edits knew nothing of each other: the history has both. */
  readonly hasConflict?: boolean;
  readonly isPinned?: boolean;
  /** When it disappears: milliseconds since the epoch. */
  readonly expiresAt?: number;
  /** Who deleted it, where somebody did; oneself is the empty name. */
  readonly deletedBy?: string;
  readonly reactions?: readonly ReactionItem[];
  /** What it answers. */
  readonly quote?: QuoteItem;
  /** Head of the thread that it is in. */
  readonly inThread?: QuoteItem;
  readonly attachments?: readonly AttachmentItem[];
  /** It was said in another conversation first. */
  readonly isForwarded?: boolean;
  /** The thread that it began. */
  readonly thread?: { readonly replies: number; readonly unread: number };
}

/** A file that is about to be sent, and what can be seen of it. */
export interface OutgoingFile {
  readonly blob: Blob;
  readonly name: string;
  /** MIME type. */
  readonly type: string;
  readonly width?: number;
  readonly height?: number;
  /** Milliseconds. */
  readonly duration?: number;
  /** A picture of 48 KiB at most. */
  readonly thumbnail?: Uint8Array<ArrayBuffer>;
  /** Only of voice messages: 48 bytes. */
  readonly waveform?: Uint8Array<ArrayBuffer>;
}

/** A file on a message. */
export interface AttachmentItem {
  readonly kind: 'image' | 'voice' | 'video' | 'file';
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly width?: number;
  readonly height?: number;
  readonly duration?: number;
  readonly hasThumbnail: boolean;
  /**
   * `here`: its bytes are on this device. `uploading`, `held` (a person paused it), `failed`: of an own one. `gone`:
   * it can't be fetched any more.
   */
  readonly state: 'absent' | 'fetching' | 'here' | 'uploading' | 'held' | 'failed' | 'gone';
  /** Percent, while something is under way. */
  readonly progress: number;
}

export interface ReactionItem {
  readonly emoji: string;
  readonly isOwn: boolean;
  /** Oneself is the empty name. */
  readonly names: readonly string[];
}

/** Another message in one line. */
export interface QuoteItem {
  readonly id: MessageId;
  readonly sortKey: string;
  /** Who wrote it; oneself is the empty name. */
  readonly name: string;
  readonly text: string;
  /** Deleted, unreadable, or never on this device. */
  readonly isGone: boolean;
}

export interface PinnedItem extends QuoteItem {
  /** Who pinned it; oneself is the empty name. */
  readonly by: string;
}

export interface VersionItem {
  readonly text: string;
  readonly at: number;
  /** The one that is shown. */
  readonly isCurrent: boolean;
  /** Written without knowing of another edit. */
  readonly isConflict: boolean;
}

export interface DeliveryItem {
  readonly account: AccountId;
  readonly name: string;
  readonly deliveredAt?: number;
  readonly readAt?: number;
}

export interface ThreadView {
  /** The message that it is about, where that is on this device. */
  readonly head?: MessageItem;
  readonly messages: readonly MessageItem[];
  readonly hasOlder: boolean;
  readonly unread: number;
}
