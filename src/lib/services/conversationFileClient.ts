import type { ConversationId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { FileHead, FileMessage } from '../domain/conversationFile.ts';
import type { Unwatch } from './unwatch.ts';

/** One conversation as a file that others can read, and back from it. Nothing here needs a network. */
export interface ConversationFileClient {
  /**
   * A piece of all that this device can read of a conversation, the oldest first.
   * @param after where the piece before it ended; the first piece without it
   * Refused: `not-found`.
   */
  exportConversation(id: ConversationId, after?: string): Promise<Result<ConversationPiece>>;

  /**
   * Makes a conversation of a file, which stands beside the others, read only: nothing of it is sent or counted as
   * unread, and a file that is here already adds nothing. The whole file is checked before anything is written.
   * Refused: `conversation-file-foreign`, `-damaged`, `-newer`, `-large`, `busy`, `cancelled`, the store's faults.
   */
  importConversation(file: Blob): Promise<Result<ConversationImported>>;
  /** What is being imported right now, in bytes read. */
  watchConversationImport(show: (work: { readonly done: number; readonly of: number } | undefined) => void): Unwatch;
  cancelConversationImport(): Promise<void>;
  /** Takes a conversation that came from a file off this device. Refused: `not-found`, `not-allowed`. */
  dropImported(id: ConversationId): Promise<Result<void>>;
}

export interface ConversationPiece {
  readonly head: FileHead;
  readonly messages: readonly FileMessage[];
  /** Where the next piece goes on; none after the last. */
  readonly next?: string;
}

export interface ConversationImported {
  readonly conversation: ConversationId;
  readonly title: string;
  readonly messages: number;
  /** It was here already. */
  readonly isKnown: boolean;
}
