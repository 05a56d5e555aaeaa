import type { ConversationId, MessageId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { OutgoingFile } from './messagesClient.ts';
import type { Unwatch } from './unwatch.ts';

/** What a person does with messages beyond writing and changing them. */
export interface MessagingClient {
  /** Sends messages again elsewhere. Refused: `not-found`, `not-a-member`. */
  forwardMessages(ids: readonly MessageId[], to: readonly ConversationId[]): Promise<Result<void>>;
  /** Takes back what has not left this device, and gives its text. Refused: `not-found`, `already-sent`. */
  takeBack(id: MessageId): Promise<Result<string>>;
  /**
   * Takes a message back that was just sent: without a trace while it is here, else from everybody. Gives its
   * text. Refused: `not-found`, `not-allowed`, `not-a-member`.
   */
  undoSend(id: MessageId): Promise<Result<string>>;
  /** What could still be undone goes now: the person leaves. */
  letGo(): Promise<Result<void>>;
  /** From this message on the conversation is unread again. */
  markUnread(id: MessageId): Promise<Result<void>>;
  /** The first message at or after a time, or the last one there is. */
  messageOn(id: ConversationId, time: number): Promise<Result<MessageId | undefined>>;

  /**
   * Keeps a message here until `at` (milliseconds since the epoch, a year ahead at most); it goes then, or when the
   * app is unlocked next. Gives the id of what waits. Refused: `time-not-ahead`, and as sending.
   */
  sendLater(id: ConversationId, at: number, input: ScheduledInput): Promise<Result<string>>;
  /** What waits for its time in a conversation, the next one first. */
  watchScheduled(id: ConversationId, show: (items: readonly ScheduledItem[]) => void): Unwatch;
  /** Gives it another text; its files and its time stay. Refused: `not-found`, `empty`, `too-long`. */
  rewordScheduled(scheduled: string, text: string): Promise<Result<void>>;
  /** Refused: `not-found`, `time-not-ahead`. */
  reschedule(scheduled: string, at: number): Promise<Result<void>>;
  /** Refused: `not-found`, and as sending. */
  sendScheduled(scheduled: string): Promise<Result<MessageId>>;
  /** Takes it off and gives its text. Refused: `not-found`. */
  cancelScheduled(scheduled: string): Promise<Result<string>>;

  /** Uploads a file of an own message again. Refused: `not-found`. */
  retryUpload(message: MessageId, index: number): Promise<Result<void>>;
}

export interface ScheduledInput {
  /** May be empty where there are files. */
  readonly text: string;
  readonly files?: readonly OutgoingFile[];
  readonly replyTo?: MessageId;
  readonly parent?: MessageId;
}

/** A message that waits for its time. */
export interface ScheduledItem {
  readonly id: string;
  readonly text: string;
  /** Names of the files on it. */
  readonly files: readonly string[];
  /** When it goes: milliseconds since the epoch. */
  readonly at: number;
  /** Code of the fault, where it could not go. */
  readonly reason?: string;
}
