import type { ConversationId, MessageId } from '../core/ids.ts';
import type { AttachmentItem } from './messagesClient.ts';
import type { Unwatch } from './unwatch.ts';

/** All that was shared in conversations, found without opening them. */
export interface FilesClient {
  /** One page of files and links, the newest first; each page is watched on its own. */
  watchShared(query: SharedQuery, show: (page: SharedPage) => void): Unwatch;
}

export type SharedKind = 'image' | 'video' | 'audio' | 'document' | 'link';

export interface SharedQuery {
  readonly conversation?: ConversationId;
  readonly kind?: SharedKind;
  /** Parts of the name; case and accents don't matter. */
  readonly name?: string;
  /** The `next` of the page before. */
  readonly before?: string;
  /** At most so many. */
  readonly limit: number;
}

export interface SharedPage {
  readonly items: readonly SharedItem[];
  /** Where the next page begins; absent at the end. */
  readonly next?: string;
}

/** A file or a link on a message. */
export interface SharedItem {
  readonly id: string;
  readonly message: MessageId;
  /** Which of the message's files it is. */
  readonly index: number;
  readonly conversation: ConversationId;
  /** Of the conversation. */
  readonly title: string;
  readonly kind: SharedKind;
  readonly isVoice: boolean;
  /** Of a link its address. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds. */
  readonly duration?: number;
  readonly hasThumbnail: boolean;
  /** Empty for oneself. */
  readonly sender: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `absent`: its bytes are not on this device. */
  readonly state: AttachmentItem['state'];
  /** Percent. */
  readonly progress: number;
}
