import type { AccountId, ConversationId, MessageId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { SnippetPart } from '../domain/search/match.ts';
import type { SearchableType } from '../domain/search/query.ts';
import type { Unwatch } from './unwatch.ts';

/** Finding messages. Nothing here needs a network. */
export interface SearchClient {
  /**
   * Messages that hold what was typed, newest first; `after` goes on where a page ended. Words and filters are
   * those of `domain/search/query`. A page may be short and still have a next one.
   */
  search(text: string, filters: SearchFilters, after?: SearchPlace): Promise<Result<SearchPage>>;
  /** How many messages search can find, of how many there are. */
  watchSearchCoverage(show: (coverage: { readonly indexed: number; readonly known: number }) => void): Unwatch;
  /** Makes the search index anew, in the background. */
  rebuildSearch(): Promise<Result<void>>;
}

/** All of these must hold; of each list, any. */
export interface SearchFilters {
  readonly conversations?: readonly ConversationId[];
  readonly senders?: readonly AccountId[];
  readonly types?: readonly SearchableType[];
  readonly hasFile?: boolean;
  readonly hasLink?: boolean;
  /** Milliseconds since the epoch, both counted. */
  readonly from?: number;
  readonly to?: number;
}

/** Where a page of hits ended. */
export interface SearchPlace {
  readonly conversationId: ConversationId;
  readonly sortKey: string;
}

export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Absent when there is no more. */
  readonly next?: SearchPlace;
}

export interface SearchHit {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  /** Of the conversation. */
  readonly title: string;
  /** Empty for oneself. */
  readonly senderName: string;
  readonly at: number;
  /** The text around the first hit, in one line. */
  readonly snippet: readonly SnippetPart[];
}
