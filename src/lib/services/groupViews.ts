import type { AccountId, ConversationId } from '../core/ids.ts';
import type { Role } from '../domain/roles.ts';

/** What the page is shown of a group and its members; part of the client's contract. */

/** What happened in a group, for a system line: names, and the empty name for oneself. `joined`: who added us. */
export type Notice =
  | { readonly what: 'created'; readonly by: string }
  | { readonly what: 'joined'; readonly by: string }
  | { readonly what: 'added'; readonly by: string; readonly who: readonly string[] }
  | { readonly what: 'removed'; readonly by: string; readonly who: readonly string[] }
  | {
      readonly what: 'arrived' | 'left' | 'device' | 'inherited' | 'missed' | 'returned';
      readonly who: readonly string[];
    }
  | { readonly what: 'role'; readonly by: string; readonly who: readonly string[]; readonly role: Role }
  | { readonly what: 'renamed'; readonly by: string; readonly name: string }
  | { readonly what: 'described' | 'settings'; readonly by: string }
  /** How long messages stay, in milliseconds; absent: they stay. */
  | { readonly what: 'timer'; readonly by: string; readonly after?: number };

/**
 * Who may find a group and how one comes in: by invitation into a *private* one, and into a *secret* one, which
 * never stands in any list; by link into a *public* one.
 */
export type GroupKind = 'private' | 'public' | 'secret';

/** What a join link leads to, before one goes in. */
export interface JoinPreview {
  readonly conversation: ConversationId;
  readonly name: string;
  readonly description: string;
  readonly people: number;
  readonly isFull: boolean;
  /** One is in it already. */
  readonly isMember: boolean;
}

/** What a group starts with. */
export interface NewGroup {
  readonly name: string;
  readonly people: readonly AccountId[];
  /** Private, where nothing is said. */
  readonly kind?: GroupKind;
  /** Of a public group: asked of whoever comes by its link. */
  readonly password?: string;
  /** Room for so many people; 100, where nothing is said. */
  readonly maxMembers?: number;
  /** Only moderators and those above them write. */
  readonly isChannel?: boolean;
  /** It ends then, and is wiped on every device: milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** What of a group a person may set. */
export interface GroupInput {
  readonly name?: string;
  readonly description?: string;
  readonly maxMembers?: number;
  /** Only moderators and those above them write. */
  readonly isChannel?: boolean;
}

/** What a group says about itself. */
export interface GroupDetails {
  readonly description: string;
  readonly maxMembers: number;
  readonly kind: GroupKind;
  /** Whether its link asks for a password; without a link `undefined`. */
  readonly link?: 'open' | 'password';
  readonly isChannel: boolean;
  /** We asked to be let go, and wait for one of the others. */
  readonly isLeaving: boolean;
  readonly canChange: boolean;
  /** Own changes that wait for the relay. */
  readonly pending: GroupInput;
  /** Who owns the group if we, its last owner, leave. */
  readonly heir?: string;
}

/** Somebody in a conversation. */
export interface MemberItem {
  readonly account: AccountId;
  readonly name: string;
  /** Whether this person has compared safety numbers with them. */
  readonly isVerified: boolean;
  readonly role: Role;
  readonly isSelf: boolean;
  /** An own change to this member that waits for the relay. */
  readonly pending?: 'adding' | 'removing' | 'role';
  /** With `pending: 'role'`: the role they will have. */
  readonly nextRole?: Role;
  readonly mayRemove: boolean;
  /** Whether the group may be handed over to them. */
  readonly mayOwn: boolean;
  /** Roles that we may give them. */
  readonly mayGive: readonly Role[];
}
