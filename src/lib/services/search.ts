import type { ConversationId } from '../core/ids.ts';
import { findMessages, type MessageQuery } from '../db/search/find.ts';
import { snippetOf } from '../domain/search/match.ts';
import { fold } from '../domain/search/fold.ts';
import { parseQuery, type TypedQuery } from '../domain/search/query.ts';
import type { SearchFilters, SearchHit, SearchPage, SearchPlace } from './client.ts';
import { namesIn } from './messageItems.ts';
import { allNames, type Names, type Viewer } from './viewer.ts';

export { searchCoverage, startRebuild } from '../db/search/rebuild.ts';

const PAGE = 30;
const NOBODY: Names = new Map();

/**
 * A page of what was typed, newest first, with the words in their context. Filters that were typed and
 * those that were chosen all hold. Without a word or a filter nothing is found.
 */
export async function searchMessages(
  viewer: Viewer,
  text: string,
  chosen: SearchFilters,
  after: SearchPlace | undefined,
): Promise<SearchPage> {
  const { store, identity } = viewer;
  const typed = parseQuery(text);
  const everybody = typed.from.length > 0 ? await allNames(viewer) : NOBODY;
  const titles = new Map((await store.conversations.toArray()).map((row) => [row.id, row.title]));
  const query = queryOf(typed, chosen, everybody, titles);
  const { clauses, ...filters } = query;
  if (clauses.length === 0 && Object.keys(filters).length === 0) return { hits: [] };
  const { found, next } = await findMessages(store, query, after, PAGE);
  const names = await namesIn(
    viewer,
    found.map(({ row }) => row),
    found.map(({ row }) => row.senderId),
  );
  const hits = found.map(({ row, spans }): SearchHit => ({
    id: row.id,
    conversation: row.conversationId,
    title: titles.get(row.conversationId) ?? '',
    senderName: row.senderId === identity.account ? '' : (names.get(row.senderId) ?? '?'),
    at: row.timestamp,
    snippet: snippetOf(row.content ?? '', spans),
  }));
  return { hits, ...(next !== undefined && { next }) };
}

function queryOf(
  typed: TypedQuery,
  chosen: SearchFilters,
  names: Names,
  titles: ReadonlyMap<ConversationId, string>,
): MessageQuery {
  const conversations = both(chosen.conversations, named(typed.in, titles));
  const senders = both(chosen.senders, named(typed.from, names));
  const types = both(chosen.types, typed.types.length > 0 ? typed.types : undefined);
  const from = Math.max(chosen.from ?? -Infinity, typed.firstDay === undefined ? -Infinity : dayStart(typed.firstDay));
  const to = Math.min(chosen.to ?? Infinity, typed.lastDay === undefined ? Infinity : dayEnd(typed.lastDay));
  return {
    clauses: typed.clauses,
    ...(conversations !== undefined && { conversations }),
    ...(senders !== undefined && { senders }),
    ...(types !== undefined && { types }),
    ...((chosen.hasFile === true || typed.hasFile) && { hasFile: true }),
    ...((chosen.hasLink === true || typed.hasLink) && { hasLink: true }),
    ...(from > -Infinity && { from }),
    ...(to < Infinity && { to }),
  };
}

/** What both lists have; `undefined` allows everything. */
function both<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): readonly T[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((one) => b.includes(one));
}

/** Those whose name begins with, or has a word that begins with, any of what was typed. */
function named<K>(typed: readonly string[], names: ReadonlyMap<K, string>): readonly K[] | undefined {
  if (typed.length === 0) return undefined;
  const wanted = typed.map((one) => ` ${fold(one.trim())}`);
  return [...names].filter(([, name]) => wanted.some((one) => ` ${fold(name)}`.includes(one))).map(([key]) => key);
}

/** Days are those of whoever looks. */
const dayStart = (day: string): number => new Date(`${day}T00:00:00`).getTime();
const dayEnd = (day: string): number => new Date(`${day}T23:59:59.999`).getTime();
