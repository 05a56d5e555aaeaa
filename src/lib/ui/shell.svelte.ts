import { createContext } from 'svelte';
import type { CairnClient, ConnectionState, ConversationItem, PersonItem } from '../services/client.ts';
import { live } from './live.svelte.ts';

/** What several panes show at once while the vault is open: watched once, shared through the context. */
export interface Shell {
  readonly conversations: readonly ConversationItem[] | undefined;
  readonly people: readonly PersonItem[] | undefined;
  readonly connection: ConnectionState | undefined;
  /** Unread messages of all conversations that are not muted. */
  readonly unread: number;
}

export const [useShell, setShell] = createContext<Shell>();

/** Call while a component starts; the watches end with it. */
export function createShell(client: CairnClient): Shell {
  const conversations = live<readonly ConversationItem[]>(() => (show) => client.watchConversations(show));
  const people = live<readonly PersonItem[]>(() => (show) => client.watchPeople(show));
  const connection = live<ConnectionState>(() => (show) => client.watchConnection(show));
  const unread = $derived((conversations.value ?? []).reduce((sum, item) => sum + (item.isMuted ? 0 : item.unread), 0));
  return {
    get conversations() {
      return conversations.value;
    },
    get people() {
      return people.value;
    },
    get connection() {
      return connection.value;
    },
    get unread() {
      return unread;
    },
  };
}
