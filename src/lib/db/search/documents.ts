import type { AccountId, ConversationId } from '../../core/ids.ts';
import { eachTermOf } from '../../domain/search/words.ts';
import type { MessageRow } from '../store.ts';
import type { Place } from './queue.ts';

/** A message as the index takes it in. */
export interface SearchDocument extends Place {
  readonly timestamp: number;
  readonly senderId: AccountId;
  readonly type: string;
  readonly text: string;
}

/** What the index keeps of a document besides its terms: where the message stands, and how to tell it changed. */
export interface DocumentEntry extends Place {
  readonly timestamp: number;
  /** 32 bits over everything that was indexed; `undefined` says that there is nothing at this place any more. */
  readonly fingerprint: number | undefined;
}

const NOT_SEARCHED: ReadonlySet<MessageRow['type']> = new Set(['system', 'encrypted']);
const FILES: ReadonlySet<string> = new Set<MessageRow['type']>(['file', 'image', 'voice', 'video']);
const LINK = /\bhttps?:\/\/[^\s<>"'`]/iu;

/** The message for the index; `undefined` for one that is deleted, unreadable or a line of the system. */
export function documentOf(row: MessageRow): SearchDocument | undefined {
  if (row.isDeleted || NOT_SEARCHED.has(row.type)) return undefined;
  const { conversationId, sortKey, timestamp, senderId, type, content = '' } = row;
  return { conversationId, sortKey, timestamp, senderId, type, text: content };
}

/**
 * Filters are terms like words are, so that they narrow a query down by the same lists. No word begins
 * with a control character.
 */
export const filterTerms = {
  conversation: (id: ConversationId) => `\u0001${id}`,
  sender: (id: AccountId) => `\u0002${id}`,
  type: (type: string) => `\u0003${type}`,
  hasFile: '\u0004file',
  hasLink: '\u0004link',
};

/** Calls `visit` with every term under which the document is found, some more than once. */
export function eachTerm(document: SearchDocument, visit: (term: string) => void): void {
  eachTermOf(document.text, visit);
  eachFilterTerm(document, visit);
}

/** The same without the words. */
export function eachFilterTerm(document: SearchDocument, visit: (term: string) => void): void {
  visit(filterTerms.conversation(document.conversationId));
  visit(filterTerms.sender(document.senderId));
  visit(filterTerms.type(document.type));
  if (FILES.has(document.type)) visit(filterTerms.hasFile);
  if (LINK.test(document.text)) visit(filterTerms.hasLink);
}

/** FNV-1a, 32 bits. It finds changes; it protects against nothing, and never leaves the seal. */
export function fingerprintOf({ text, type, senderId, timestamp }: SearchDocument): number {
  let hash = 0x811c9dc5;
  for (const part of [text, type, senderId, String(timestamp)]) {
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return hash >>> 0;
}

/** Newest first; in one instant by conversation. Negative when `a` comes first. */
export function compareNewestFirst(a: Place, b: Place): number {
  if (a.sortKey !== b.sortKey) return a.sortKey > b.sortKey ? -1 : 1;
  if (a.conversationId !== b.conversationId) return a.conversationId < b.conversationId ? -1 : 1;
  return 0;
}
