import type { AccountId, ConversationId } from '../../core/ids.ts';
import { matchesOf, type Span } from '../../domain/search/match.ts';
import type { Clause } from '../../domain/search/query.ts';
import { messagesAt } from '../messages/find.ts';
import type { MessageRow, Store } from '../store.ts';
import { candidates, type IndexQuery } from './candidates.ts';
import { documentOf, eachFilterTerm, filterTerms } from './documents.ts';
import type { Place } from './queue.ts';

/** What to find: every clause, and of each filter any of its values. An empty list of values finds nothing. */
export interface MessageQuery {
  readonly clauses: readonly Clause[];
  readonly conversations?: readonly ConversationId[];
  readonly senders?: readonly AccountId[];
  readonly types?: readonly string[];
  readonly hasFile?: boolean;
  readonly hasLink?: boolean;
  /** Milliseconds since the epoch, both counted. */
  readonly from?: number;
  readonly to?: number;
}

export interface FoundMessage {
  readonly row: MessageRow;
  /** Where the words stand in its text. */
  readonly spans: readonly Span[];
}

export interface FoundPage {
  /** Newest first. */
  readonly found: readonly FoundMessage[];
  /** Where to go on; absent when there is no more. */
  readonly next?: Place;
}

/** Candidates looked at in one call: a phrase of frequent words must not keep the others waiting. */
const MOST_CANDIDATES = 1024;

/**
 * Finds messages by the index, and looks at each before it is shown: what was deleted, expired or edited
 * away since is never found. A page may be short, or empty, and still have a next one.
 */
export async function findMessages(
  store: Store,
  query: MessageQuery,
  after: Place | undefined,
  limit: number,
): Promise<FoundPage> {
  const found: FoundMessage[] = [];
  const wanted = indexQueryOf(query);
  if (wanted.terms.some((choice) => choice.length === 0)) return { found };
  const now = store.clock.now();
  let at = after;
  for (let seen = 0; seen < MOST_CANDIDATES;) {
    const places = await candidates(store, wanted, at, limit);
    const rows = await messagesAt(store, places);
    for (const [i, row] of rows.entries()) {
      at = places[i];
      const hit = row === undefined ? undefined : standing(row, query, wanted, now);
      if (hit === undefined) continue;
      found.push(hit);
      if (found.length === limit && at !== undefined) return { found, next: at };
    }
    if (places.length < limit) return { found };
    seen += places.length;
  }
  return { found, ...(at !== undefined && { next: at }) };
}

/** The message as a hit, if what the index says of it is still true. */
function standing(row: MessageRow, query: MessageQuery, wanted: IndexQuery, now: number): FoundMessage | undefined {
  const document = documentOf(row);
  if (document === undefined || (row.expiresAt !== undefined && row.expiresAt <= now)) return undefined;
  if (row.timestamp < (query.from ?? -Infinity) || row.timestamp > (query.to ?? Infinity)) return undefined;
  const terms = new Set<string>();
  eachFilterTerm(document, (term) => terms.add(term));
  // Words are looked for in the text itself, where they must also follow each other.
  const filters = wanted.terms.slice(query.clauses.reduce((count, clause) => count + clause.length, 0));
  if (!filters.every((choice) => choice.some(({ term }) => terms.has(term)))) return undefined;
  const spans = matchesOf(document.text, query.clauses);
  return spans === undefined ? undefined : { row, spans };
}

function indexQueryOf(query: MessageQuery): IndexQuery {
  const exactly = (terms: readonly string[]) => terms.map((term) => ({ term, isPrefix: false }));
  const { conversations, senders, types, hasFile, hasLink, from, to } = query;
  return {
    terms: [
      ...query.clauses.flatMap((clause) => clause.map(({ term, isPrefix }) => [{ term, isPrefix }])),
      ...(conversations === undefined ? [] : [exactly(conversations.map(filterTerms.conversation))]),
      ...(senders === undefined ? [] : [exactly(senders.map(filterTerms.sender))]),
      ...(types === undefined ? [] : [exactly(types.map(filterTerms.type))]),
      ...(hasFile === true ? [exactly([filterTerms.hasFile])] : []),
      ...(hasLink === true ? [exactly([filterTerms.hasLink])] : []),
    ],
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}
