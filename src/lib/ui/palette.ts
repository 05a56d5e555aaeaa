import type { ConversationItem, PersonItem } from '../services/client.ts';
import { matchesName } from './chats/matchesName.ts';

/** Somewhere to go or something to do. */
export interface Suggestion {
  readonly id: string;
  readonly kind: 'conversation' | 'person' | 'place' | 'command' | 'file';
  readonly name: string;
  /** Where it leads; without it `run` does it. */
  readonly href?: string;
  readonly run?: () => void;
}

/** Suggestions shown at once. */
const MOST = 12;

/** What fits what was typed: conversations first, as lively as in their list. Nothing typed shows the start of all. */
export function suggestionsFor(
  query: string,
  conversations: readonly ConversationItem[],
  people: readonly PersonItem[],
  others: readonly Suggestion[],
): readonly Suggestion[] {
  const all: Suggestion[] = [
    ...conversations.map(({ id, title }) => ({
      id,
      kind: 'conversation' as const,
      name: title,
      href: `/chats/${id}`,
    })),
    ...people.map(({ account, name }) => ({ id: account, kind: 'person' as const, name, href: `/people/${account}` })),
    ...others,
  ];
  if (query.trim() === '') return [...all.slice(0, MOST - 6), ...others.slice(0, 6)].filter(isFirst);
  return all.filter(({ name }) => matchesName(name, query)).slice(0, MOST);
}

const isFirst = (one: Suggestion, at: number, all: readonly Suggestion[]): boolean =>
  all.findIndex(({ id, kind }) => id === one.id && kind === one.kind) === at;
