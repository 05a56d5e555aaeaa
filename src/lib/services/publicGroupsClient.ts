import type { ConversationId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** Links that are out, and groups that want to be found. */
export interface PublicGroupsClient {
  /** Of every own group that has a link, or that this device had listed; by name. */
  watchLinks(show: (links: readonly LinkItem[]) => void): Unwatch;
  /** From then on it leads nowhere; a listing goes first. Refused: `not-allowed`, `network`, as the relay does. */
  revokeLink(id: ConversationId): Promise<Result<void>>;
  /** Everybody at the relay can read name and description from then on. Refused: `not-allowed`, as the relay does. */
  listInDirectory(id: ConversationId): Promise<Result<void>>;
  unlist(id: ConversationId): Promise<Result<void>>;
  /**
   * Groups whose name or description has every word.
   * @param after the `next` of the page before.
   */
  findGroups(query: string, after?: string): Promise<Result<FoundGroups>>;
}

export interface LinkItem {
  readonly id: ConversationId;
  readonly name: string;
  /** What stands behind the `#` of `/join`; not there where the link is gone and the listing is not. */
  readonly code?: string;
  readonly hasPassword: boolean;
  readonly canChange: boolean;
  /** Until when it stands in the directory. */
  readonly listedUntil?: number;
}

export interface FoundGroups {
  readonly groups: readonly {
    readonly id: ConversationId;
    readonly name: string;
    readonly description: string;
    readonly people: number;
    readonly code: string;
  }[];
  readonly next?: string;
}
