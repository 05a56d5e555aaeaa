import type { ConversationId } from '../../../src/lib/core/ids.ts';
import { matchesOf } from '../../../src/lib/domain/search/match.ts';
import { parseQuery } from '../../../src/lib/domain/search/query.ts';
import { documentOf } from '../../../src/lib/db/search/documents.ts';
import { findMessages, type MessageQuery } from '../../../src/lib/db/search/find.ts';
import { queueForSearch, type Place } from '../../../src/lib/db/search/queue.ts';
import { tendIndex } from '../../../src/lib/db/search/upkeep.ts';
import type { MessageRow, Store } from '../../../src/lib/db/store.ts';
import { account, conversation, message, NOW } from '../fixtures.ts';

/** Messages of a few conversations, and the index beside them. */

export const sortKeyAt = (at: number, device = 'phone'): string =>
  `${(NOW + at).toString(16).padStart(12, '0')}0000-${device}`;

/** A message at a moment after {@link NOW}, in the conversation `where`. */
export const messageAt = (where: string, at: number, text: string, more: Partial<MessageRow> = {}): MessageRow => ({
  id: message(`${where}-${at}`),
  conversationId: conversation(where),
  senderId: account('ana'),
  type: 'text',
  content: text,
  isOutgoing: false,
  isEncrypted: true,
  status: 'read',
  sortKey: sortKeyAt(at),
  timestamp: NOW + at,
  isDeleted: false,
  createdAt: NOW + at,
  updatedAt: NOW + at,
  ...more,
});

export async function addConversations(store: Store, names: readonly string[]): Promise<void> {
  await store.conversations.bulkAdd(
    names.map((name) => ({
      id: conversation(name),
      kind: 'system' as const,
      title: name,
      unreadCount: 0,
      lastReadSortKey: '',
      isPinned: false,
      isMuted: false,
      isArchived: false,
      lastActivity: NOW,
      createdAt: NOW,
      updatedAt: NOW,
    })),
  );
}

const tables = ['messages', 'conversations', 'searchQueue'] as const;

export const putMessages = (store: Store, rows: readonly MessageRow[]): Promise<void> =>
  store.tx('rw', tables, async () => {
    await store.messages.bulkPut([...rows]);
    await queueForSearch(store, rows);
  });

export const deleteMessage = (store: Store, { conversationId, sortKey }: Place): Promise<void> =>
  store.tx('rw', tables, async () => {
    await store.messages.delete([conversationId, sortKey]);
    await queueForSearch(store, [{ conversationId, sortKey }]);
  });

export async function tendAll(store: Store): Promise<void> {
  while (await tendIndex(store, () => Promise.resolve()));
}

/** Texts found for what was typed, newest first, over all pages. */
export async function textsFor(store: Store, typed: string, filters: Partial<MessageQuery> = {}, limit = 3) {
  const texts: string[] = [];
  let at: Place | undefined;
  do {
    const page = await findMessages(store, { clauses: parseQuery(typed).clauses, ...filters }, at, limit);
    texts.push(...page.found.map(({ row }) => row.content ?? ''));
    at = page.next;
  } while (at !== undefined);
  return texts;
}

/** The same by looking at every message. */
export async function textsByScan(store: Store, typed: string, where?: ConversationId): Promise<string[]> {
  const { clauses } = parseQuery(typed);
  const rows = (await store.messages.orderBy('sortKey').toArray())
    .filter((row) => where === undefined || row.conversationId === where)
    .sort((a, b) =>
      a.sortKey === b.sortKey ? (a.conversationId < b.conversationId ? -1 : 1) : a.sortKey < b.sortKey ? 1 : -1,
    );
  return rows.flatMap((row) => {
    const document = documentOf(row);
    return document !== undefined && matchesOf(document.text, clauses) !== undefined ? [document.text] : [];
  });
}

/** The store as it is for one who dies at the `after`th write to the index that is not part of another. */
export function dyingAfter(store: Store, after: number): Store {
  let left = after;
  let within = 0;
  const step = () => {
    if (within === 0 && left-- <= 0) throw new Error('died');
  };
  const writes = new Set(['add', 'put', 'bulkAdd', 'bulkPut', 'delete', 'bulkDelete']);
  const watched = (table: object): object =>
    new Proxy(table, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function' || typeof name !== 'string') return member;
        return (...args: unknown[]) => {
          if (writes.has(name)) step();
          return Reflect.apply(member, target, args) as unknown;
        };
      },
    });
  return new Proxy(store, {
    get(target, name) {
      if (name === 'searchSegments' || name === 'searchBlocks') return watched(target[name]);
      if (name !== 'tx') return Reflect.get(target, name) as unknown;
      const tx: Store['tx'] = async (mode, among, work) => {
        if (mode === 'rw') step();
        within++;
        try {
          return await target.tx(mode, among, work);
        } finally {
          within--;
        }
      };
      return tx;
    },
  });
}
