import type { AccountId, ConversationId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** What a person sets for themselves: preferences, their profile, their conversations and the people they know. */
export interface SettingsClient {
  watchPreferences(show: (preferences: PreferencesItem) => void): Unwatch;
  /** Changes what is named. */
  savePreferences(changes: Partial<PreferencesItem>): Promise<Result<void>>;

  /** The conversation with oneself, made if there is none; only one's other devices have it too. Needs no network. */
  openNotes(title: string): Promise<Result<ConversationId>>;
  /** Changes what is named. Refused: `not-found`. */
  setConversation(id: ConversationId, marks: ConversationMarks): Promise<Result<void>>;

  /** Folders of the list of conversations, by name. */
  watchChatFolders(show: (folders: readonly FolderItem[]) => void): Unwatch;
  /**
   * Makes a folder, or changes the one of this id. Refused: `bad-name`, `duplicate` (another has the name),
   * `not-found`, `too-many-folders`.
   * @returns its id
   */
  saveChatFolder(folder: NewFolder): Promise<Result<string>>;
  /** What is in it stays in the list. */
  removeChatFolder(id: string): Promise<Result<void>>;

  /** What a conversation has been, in numbers. Refused: `not-found`. */
  conversationFigures(id: ConversationId): Promise<Result<ConversationFigures>>;

  /** What this person noted about a contact; `undefined` for somebody who is none. */
  watchContact(person: AccountId, show: (contact: ContactItem | undefined) => void): Unwatch;
  /** Changes what is named. Refused: `not-found`, `too-long`. */
  saveContact(person: AccountId, changes: Partial<ContactItem>): Promise<Result<void>>;
}

export interface PreferencesItem {
  /** Left out while none was chosen. */
  readonly theme?: 'system' | 'light' | 'dark';
  readonly notifications: 'all' | 'mentions' | 'none';
  /** Whether a note about a new message shows what it says, while the app is unlocked. */
  readonly showsContent: boolean;
  /** Whether others learn what was read, and one learns it of them. */
  readonly readReceipts: boolean;
  /** Whether others see that one writes, and one sees it of them. */
  readonly typing: boolean;
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

/** Conversations that a person keeps together. */
export interface FolderItem {
  readonly id: string;
  readonly name: string;
  readonly conversations: readonly ConversationId[];
}

export type NewFolder = Omit<FolderItem, 'id'> & { readonly id?: string };

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
