import type { ConversationId, MessageId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { AttachmentItem } from './messagesClient.ts';
import type { Unwatch } from './unwatch.ts';

/** All that was shared in conversations, found without opening them, and files on their way. */
export interface FilesClient {
  /** One page of files and links, the newest first; each page is watched on its own. */
  watchShared(query: SharedQuery, show: (page: SharedPage) => void): Unwatch;
  /** What goes up and comes down: at most `limit` of each state, what is not over first. */
  watchTransfers(limit: number, show: (items: readonly TransferItem[]) => void): Unwatch;
  /** Refused: `not-found`, also where there is nothing to change. */
  changeTransfer(id: string, change: TransferChange): Promise<Result<void>>;
  /** What is over leaves the list. */
  forgetTransfers(): Promise<Result<void>>;
  watchFileSettings(show: (settings: FileSettingsItem) => void): Unwatch;
  /** Changes what is named. Refused: `validation`. */
  saveFileSettings(changes: Partial<FileSettingsItem>): Promise<Result<void>>;
  /** Bytes of files that lie here and could be fetched again. */
  keptFiles(): Promise<Result<number>>;
}

/** `resume` is also how one tries again what failed or was cancelled. */
export type TransferChange = 'pause' | 'resume' | 'cancel';

/** A file on its way. */
export interface TransferItem {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** From this device to the relay. */
  readonly isUp: boolean;
  /** `preparing`: it is being sealed. `paused`: a person did that. */
  readonly state: 'preparing' | 'waiting' | 'running' | 'paused' | 'failed' | 'cancelled' | 'done';
  /** Bytes that are over. */
  readonly done: number;
  /** Code of the fault that it failed by, or waits because of. */
  readonly reason?: string;
}

export interface FileSettingsItem {
  /** Files of at most so many bytes come by themselves; 0: none. */
  readonly automatic: number;
  /** Files that can be fetched again take at most so many bytes here; 0: as many as they like. */
  readonly budget: number;
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
