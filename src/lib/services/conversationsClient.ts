import type { AccountId, ConversationId, GroupId, MessageId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Role } from '../domain/roles.ts';
import type { GroupDetails, GroupInput, JoinPreview, MemberItem, NewGroup, Notice } from './groupViews.ts';
import type { MessageItem, MessageState, PinnedItem } from './messagesClient.ts';
import type { Unwatch } from './unwatch.ts';

/** Conversations, and who is in them. */
export interface ConversationsClient {
  watchConversations(show: (items: readonly ConversationItem[]) => void): Unwatch;
  /**
   * The newest `limit` messages of a conversation, oldest first; or, while the message `around` is there, it
   * with up to `limit` on either side. With what the conversation says of itself.
   */
  watchConversation(
    id: ConversationId,
    limit: number,
    show: (view: ConversationView | undefined) => void,
    around?: MessageId,
  ): Unwatch;
  /** The one direct conversation with this person, made if there is none. Works offline. */
  openDirect(person: AccountId): Promise<Result<ConversationId>>;
  /** Works offline: the group is `pending` until the relay has taken it. Refused: `bad-name`, `no-members`. */
  createGroup(input: NewGroup): Promise<Result<ConversationId>>;
  addPeople(id: ConversationId, people: readonly AccountId[]): Promise<Result<void>>;
  removePerson(id: ConversationId, person: AccountId): Promise<Result<void>>;
  /** Refused: `not-allowed`, `member-gone`, `last-owner`. */
  setRole(id: ConversationId, person: AccountId, role: Role): Promise<Result<void>>;
  /** The other becomes owner, oneself an admin. */
  transferOwnership(id: ConversationId, person: AccountId): Promise<Result<void>>;
  /** What is left out stays as it is. Refused: `bad-name`, `too-long`, `group-full`, `not-allowed`. */
  changeGroup(id: ConversationId, input: GroupInput): Promise<Result<void>>;
  /**
   * What is written from now on disappears this many milliseconds after it was sent, on every device; 0: it stays.
   * Refused: `not-allowed`, `not-a-member`.
   */
  setDisappearing(id: ConversationId, after: number): Promise<Result<void>>;
  leaveGroup(id: ConversationId): Promise<Result<void>>;
  /** The code of a public group's link, which stands behind the `#` of `/join`; `undefined` where it has none. */
  joinLink(id: ConversationId): Promise<Result<string | undefined>>;
  /** Another link, with a password or (empty) without; or none (`null`). Refused: `not-allowed`, `not-a-member`, `bad-password`. */
  changeJoinLink(id: ConversationId, password: string | null): Promise<Result<void>>;
  /** Needs the relay. Refused: `malformed`, `wrong-version`, `password-needed`, `wrong-password`, `link-over`, `group-closed`. */
  lookAtLink(code: string, password?: string): Promise<Result<JoinPreview>>;
  /** Works offline: one is in once the relay has taken it. `name`: of the group, where it is known. Refused: as {@link lookAtLink}. */
  joinGroup(code: string, options: { password?: string; name?: string }): Promise<Result<ConversationId>>;
  saveDraft(id: ConversationId, text: string): Promise<Result<void>>;
  /**
   * The person has seen the conversation up to this message.
   * @param since of those in {@link ConversationView.late} only what stands from this message on was seen
   */
  markRead(id: ConversationId, upTo: MessageId, since?: MessageId): Promise<Result<void>>;
}

export interface ConversationItem {
  readonly id: ConversationId;
  /** `notes`: with oneself. `imported`: it came from a file, and is read only. */
  readonly kind: 'direct' | 'group' | 'notes' | 'imported';
  readonly title: string;
  /** Newest message in one line; `author` only in groups, `state` only of own messages. */
  readonly preview?: {
    readonly author?: string;
    readonly text: string;
    readonly state?: MessageState;
    /** There is no text any more. */
    readonly isDeleted?: boolean;
    /** Instead of a text, where the newest is a system line. */
    readonly notice?: Notice;
  };
  readonly draft: string;
  readonly unread: number;
  readonly lastActivity: number;
  /** Not yet on the relay: it will be made on reconnect. */
  readonly isPending: boolean;
  readonly isPinned: boolean;
  /** It tells nobody of what is new in it. */
  readonly isMuted: boolean;
  readonly isArchived: boolean;
  /** Shown as unread though nothing in it is. */
  readonly isMarkedUnread: boolean;
}

export interface ConversationView {
  readonly id: ConversationId;
  readonly group?: GroupId;
  readonly kind: ConversationItem['kind'];
  readonly isPinned: boolean;
  readonly isMuted: boolean;
  readonly isArchived: boolean;
  readonly title: string;
  readonly draft: string;
  /** Whether the draft came from another device of this person. */
  readonly isDraftHeard: boolean;
  readonly members: readonly MemberItem[];
  readonly messages: readonly MessageItem[];
  /** Whether there are older messages than these. */
  readonly hasOlder: boolean;
  /** Whether there are newer ones: only around a message. */
  readonly hasNewer: boolean;
  readonly unread: number;
  /** Sort key of the last message that was read when the conversation was opened. */
  readonly lastReadSortKey: string;
  /** Unread messages that came when what follows them had been read already, in their order. */
  readonly late: readonly { readonly id: MessageId; readonly sortKey: string }[];
  readonly isPending: boolean;
  /** False after leaving or being removed, and in a channel for those who only read. */
  readonly canSend: boolean;
  /** How many messages wait for their time. */
  readonly scheduled: number;
  /** The message that was sent last, while it can be undone: until when, in milliseconds since the epoch. */
  readonly undoable?: { readonly id: MessageId; readonly until: number };
  /** Verified people with a new device: what is written waits until a person decides. */
  readonly heldBy: readonly { readonly account: AccountId; readonly name: string }[];
  /** False after leaving or being removed: history stays. */
  readonly isMember: boolean;
  /** The other one is blocked. */
  readonly isBlocked?: boolean;
  /** How long messages stay, in milliseconds, an own change that waits among it; 0: they stay. */
  readonly disappearAfter: number;
  readonly canSetDisappearing: boolean;
  /** Of a group. */
  readonly details?: GroupDetails;
  readonly canAdd: boolean;
  readonly canRemove: boolean;
  readonly canPin: boolean;
  /** Whether the messages of others too may be deleted for everyone. */
  readonly canDeleteAny: boolean;
  /** The latest pin first. */
  readonly pinned: readonly PinnedItem[];
  /** Shown in the details, e.g. `X-Wing hybrid, post-quantum`. */
  readonly suite: string;
  readonly epoch: number;
}
