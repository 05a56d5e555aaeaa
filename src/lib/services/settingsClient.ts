import type { AccountId, ConversationId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** What a person sets for themselves: preferences, their profile, their conversations and the people they know. */
export interface SettingsClient {
  watchPreferences(show: (preferences: PreferencesItem) => void): Unwatch;
  /** Changes what is named. */
  savePreferences(changes: Partial<PreferencesItem>): Promise<Result<void>>;

  /** The conversation with oneself, made if there is none; nothing of it leaves this device. Needs no network. */
  openNotes(title: string): Promise<Result<ConversationId>>;
  /** Changes what is named. Refused: `not-found`. */
  setConversation(id: ConversationId, marks: ConversationMarks): Promise<Result<void>>;

  /** What a conversation has been, in numbers. Refused: `not-found`. */
  conversationFigures(id: ConversationId): Promise<Result<ConversationFigures>>;
  /** All of a conversation that this device can read, the oldest first. Refused: `not-found`. */
  exportConversation(id: ConversationId): Promise<Result<ConversationExport>>;

  /** What this person noted about a contact; `undefined` for somebody who is none. */
  watchContact(person: AccountId, show: (contact: ContactItem | undefined) => void): Unwatch;
  /** Changes what is named. Refused: `not-found`, `too-long`. */
  saveContact(person: AccountId, changes: Partial<ContactItem>): Promise<Result<void>>;
}

export interface PreferencesItem {
  readonly notifications: 'all' | 'mentions' | 'none';
  /** Whether a note about a new message shows what it says, while the app is unlocked. */
  readonly showsContent: boolean;
  /** Whether others learn what was read, and one learns it of them. */
  readonly readReceipts: boolean;
  /** For how many seconds a message that was just sent can be undone; 0: not at all. */
  readonly undoSend: 0 | 5 | 10;
}

/** What a person does with a conversation in their list; nobody else learns of it. */
export interface ConversationMarks {
  readonly isPinned?: boolean;
  readonly isMuted?: boolean;
  readonly isArchived?: boolean;
  readonly isMarkedUnread?: boolean;
}

export interface ContactItem {
  /** For oneself alone. */
  readonly notes: string;
  /** What they write is not shown, and they are told nothing. */
  readonly isBlocked: boolean;
}

export interface ConversationFigures {
  /** Messages that are not deleted. */
  readonly messages: number;
  /** Of the last 30 days those that had any, `YYYY-MM-DD` in UTC, the earliest first. */
  readonly days: readonly { readonly day: string; readonly count: number }[];
  readonly types: readonly { readonly type: string; readonly count: number }[];
  /** Who wrote the most, first; oneself is the empty name. */
  readonly people: readonly { readonly name: string; readonly count: number }[];
  /** Members of today who had joined by then, of a group; the earliest first. */
  readonly members: readonly { readonly at: number; readonly count: number }[];
}

export interface ConversationExport {
  readonly title: string;
  readonly kind: 'direct' | 'group' | 'notes';
  /** Milliseconds since the epoch. */
  readonly exportedAt: number;
  readonly messages: readonly ExportedMessage[];
}

export interface ExportedMessage {
  readonly id: string;
  readonly at: number;
  /** Oneself is the empty name. */
  readonly from: string;
  readonly text: string;
  readonly editedAt?: number;
  readonly isDeleted?: boolean;
  /** Id of the message that it answers. */
  readonly answers?: string;
  readonly reactions?: readonly { readonly emoji: string; readonly names: readonly string[] }[];
}
