/** What the JSON columns of the tables hold. All of it is sealed at rest unless a comment says otherwise. */

export interface Preferences {
  theme?: 'system' | 'light' | 'dark';
  notifications?: 'all' | 'mentions' | 'none';
  readReceipts?: boolean;
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
