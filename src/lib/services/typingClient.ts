import type { AccountId, ConversationId } from '../core/ids.ts';
import type { Unwatch } from './unwatch.ts';

/** Who is writing just now. A person shows it and sees it, or neither. */
export interface TypingClient {
  /** The person is writing, or has stopped. May be called with every letter; what is lost is lost. */
  tellTyping(id: ConversationId, isTyping: boolean): Promise<void>;
  /** Others who are writing in a conversation, who began first; from now on. */
  watchTyping(id: ConversationId, show: (people: readonly TypingPerson[]) => void): Unwatch;
}

export interface TypingPerson {
  readonly account: AccountId;
  readonly name: string;
}
