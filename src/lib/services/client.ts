import type { AccountId, ConversationId, GroupId, MessageId } from '../core/ids.ts';
import type { Fault, Result } from '../core/result.ts';
import type { Role } from '../domain/roles.ts';

/**
 * What the page can ask of the engine in its worker. Everything is structured-clonable; every refusal
 * is a {@link Fault} whose code has words in `ui/words`. `watch…` calls `show` at once and after each
 * change, until the returned function is called.
 */
export interface CairnClient {
  /** Whether there is an account on this device, and whether its vault is open in this tab. */
  watchVault(show: (state: VaultState) => void): Unwatch;
  /** Makes identity, device and vault; opens it. Works offline. Refused: `weak-passphrase`, `bad-name`, `exists`. */
  createAccount(input: { name: string; passphrase: string }): Promise<Result<void>>;
  /** Refused: {@link WrongPassphrase}, `too-soon` (with `retryAt`). Needs no network. */
  unlock(passphrase: string): Promise<Result<void, UnlockFault>>;

  watchConnection(show: (state: ConnectionState) => void): Unwatch;
  watchConversations(show: (items: readonly ConversationItem[]) => void): Unwatch;
  watchPeople(show: (items: readonly PersonItem[]) => void): Unwatch;
  /** The newest `limit` messages of a conversation, oldest first, with what stands around them. */
  watchConversation(id: ConversationId, limit: number, show: (view: ConversationView | undefined) => void): Unwatch;
  /** Everything that waits on this device or failed, oldest first. */
  watchWaiting(show: (items: readonly WaitingItem[]) => void): Unwatch;
  watchSecurityEvents(show: (items: readonly SecurityItem[]) => void): Unwatch;

  self(): Promise<SelfView | undefined>;
  myInviteCode(): Promise<Result<string>>;
  /** Refused: `malformed`, `wrong-version`, `wire-too-large`, `own-code`. Adding someone again is fine. */
  addPerson(code: string): Promise<Result<PersonItem>>;

  /** The one direct conversation with this person, made if there is none. Works offline. */
  openDirect(person: AccountId): Promise<Result<ConversationId>>;
  /** Works offline: the group is `pending` until the relay has taken it. Refused: `bad-name`, `no-members`. */
  createGroup(input: { name: string; people: readonly AccountId[] }): Promise<Result<ConversationId>>;
  addPeople(id: ConversationId, people: readonly AccountId[]): Promise<Result<void>>;
  removePerson(id: ConversationId, person: AccountId): Promise<Result<void>>;
  leaveGroup(id: ConversationId): Promise<Result<void>>;

  /** Shown at once, sent when it can be. Refused: `empty`, `too-long`, `not-a-member`. */
  sendText(id: ConversationId, text: string): Promise<Result<MessageId>>;
  saveDraft(id: ConversationId, text: string): Promise<Result<void>>;
  /** The person has seen the conversation up to this message. */
  markRead(id: ConversationId, upTo: MessageId): Promise<Result<void>>;
  retry(operation: string): Promise<Result<void>>;
  discard(operation: string): Promise<Result<void>>;
  /** Tries the relay now instead of at the next turn of the timer. */
  syncNow(): Promise<void>;
}

export type Unwatch = Promise<() => void>;

export type VaultState = 'none' | 'locked' | 'open';

export type UnlockFault = Fault<'wrong-passphrase' | 'too-soon' | 'no-account' | 'damaged-vault'> & {
  /** When the next try is allowed: milliseconds since the epoch. */
  readonly retryAt?: number;
};

export interface ConnectionState {
  readonly link: 'online' | 'offline' | 'syncing';
  /** Operations that wait on this device. */
  readonly waiting: number;
  /** Operations that need a person. */
  readonly failed: number;
}

export interface SelfView {
  readonly account: AccountId;
  readonly name: string;
}

export interface PersonItem {
  readonly account: AccountId;
  readonly name: string;
  readonly isVerified: boolean;
  readonly addedAt: number;
}

export interface ConversationItem {
  readonly id: ConversationId;
  readonly kind: 'direct' | 'group';
  readonly title: string;
  /** Newest message in one line; `author` only in groups, `state` only of own messages. */
  readonly preview?: {
    readonly author?: string;
    readonly text: string;
    readonly state?: MessageState;
    /** Instead of a text, where the newest is a system line. */
    readonly notice?: Notice;
  };
  readonly draft: string;
  readonly unread: number;
  readonly lastActivity: number;
  /** Not yet on the relay: it will be made on reconnect. */
  readonly isPending: boolean;
}

export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'stale';

export interface MessageItem {
  readonly id: MessageId;
  readonly sortKey: string;
  readonly sender: AccountId;
  readonly senderName: string;
  readonly isOutgoing: boolean;
  readonly type: 'text' | 'system' | 'encrypted';
  /** Words of a system line are made by the page from `notice`. */
  readonly text: string;
  readonly notice?: Notice;
  /** Why an `encrypted` entry can't be read: an outcome of the protocol. */
  readonly reason?: string;
  /** Milliseconds since the epoch, as the sender said (bounded). */
  readonly at: number;
  /** Only of own messages. */
  readonly state?: MessageState;
}

/** What happened in a group, for a system line: names, and the empty name for oneself. `joined`: who added us. */
export type Notice =
  | { readonly what: 'created'; readonly by: string }
  | { readonly what: 'joined'; readonly by: string }
  | { readonly what: 'added'; readonly by: string; readonly who: readonly string[] }
  | { readonly what: 'removed'; readonly by: string; readonly who: readonly string[] }
  | { readonly what: 'left'; readonly who: readonly string[] };

export interface MemberItem {
  readonly account: AccountId;
  readonly name: string;
  readonly role: Role;
  readonly isSelf: boolean;
  /** An own change to this member that waits for the relay. */
  readonly pending?: 'adding' | 'removing';
}

export interface ConversationView {
  readonly id: ConversationId;
  readonly group?: GroupId;
  readonly kind: 'direct' | 'group';
  readonly title: string;
  readonly draft: string;
  readonly members: readonly MemberItem[];
  readonly messages: readonly MessageItem[];
  /** Whether there are older messages than these. */
  readonly hasOlder: boolean;
  readonly unread: number;
  /** Sort key of the last message that was read when the conversation was opened. */
  readonly lastReadSortKey: string;
  readonly isPending: boolean;
  /** False after leaving or being removed: history stays, writing ends. */
  readonly canSend: boolean;
  readonly canAdd: boolean;
  readonly canRemove: boolean;
  /** Shown in the details, e.g. `X-Wing hybrid, post-quantum`. */
  readonly suite: string;
  readonly epoch: number;
}

export interface WaitingItem {
  readonly operation: string;
  readonly what: 'message' | 'create' | 'add' | 'remove' | 'leave';
  readonly conversation?: ConversationId;
  readonly title: string;
  readonly text: string;
  readonly since: number;
  readonly status: 'waiting' | 'sending' | 'rekeying' | 'failed';
  /** Code of the fault, where it failed. */
  readonly reason?: string;
}

export interface SecurityItem {
  readonly id: string;
  readonly type: string;
  readonly severity: 'low' | 'medium' | 'high' | 'critical';
  readonly description: string;
  readonly at: number;
}
