import type { AccountId } from '../core/ids.ts';

/** What the JSON columns of the tables hold. All of it is sealed at rest unless a comment says otherwise. */

export interface Preferences {
  theme?: 'system' | 'light' | 'dark';
  notifications?: 'all' | 'mentions' | 'none';
  /** Whether a note about a new message shows what it says. */
  showsContent?: boolean;
  /** Whether others learn what was read, and one learns it of them. */
  readReceipts?: boolean;
  /** Whether others see that one writes, and one sees it of them. */
  typing?: boolean;
  /** For how many seconds a message that was just sent can be undone; 0: not at all. */
  undoSend?: 0 | 5 | 10;
  /** What they tell others, of themselves: IANA name, and BCP 47. */
  timezone?: string;
  language?: string;
}

export interface SecuritySettings {
  lockAfterMs?: number;
  /** Whether sending to a person whose key changed waits for a decision. */
  blockOnIdentityChange?: boolean;
}

export interface ConversationMetadata {
  [name: string]: unknown;
}

/** Facts of a message besides its text: the notice of a system line, the reason of an unreadable one. */
export interface MessageMetadata {
  [name: string]: unknown;
}

/** What a list of conversations shows of a message. */
export interface PreviewedMessage {
  readonly senderId: AccountId;
  readonly type: string;
  readonly isOutgoing: boolean;
  readonly isDeleted: boolean;
  /** The beginning of the text. */
  readonly content?: string;
  readonly metadata?: MessageMetadata;
}

export interface GroupSettings {
  [name: string]: unknown;
}

export interface MemberSettings {
  isMuted?: boolean;
  nickname?: string;
}

/** KDF of a wrapped key, in clear; the wrapping authenticates it. */
export interface StoredKdf {
  [name: string]: unknown;
}

/** What the list of files says of one besides its name. */
export interface SharedFacts {
  /** MIME type; none of a link. */
  readonly type?: string;
  readonly isVoice?: boolean;
  /** Milliseconds. */
  readonly duration?: number;
  readonly hasThumbnail?: boolean;
}
