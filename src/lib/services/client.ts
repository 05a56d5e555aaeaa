import type { ConversationId } from '../core/ids.ts';
import type { Fault, Result } from '../core/result.ts';
import type { ChangeKind } from '../domain/messageChanges.ts';
import type { AccountClient } from './accountClient.ts';
import type { BackupClient } from './backupClient.ts';
import type { ConversationFileClient } from './conversationFileClient.ts';
import type { ConversationsClient } from './conversationsClient.ts';
import type { FilesClient } from './filesClient.ts';
import type { DevicesClient } from './devicesClient.ts';
import type { MessagesClient } from './messagesClient.ts';
import type { MessagingClient } from './messagingClient.ts';
import type { NearbyClient } from './nearbyClient.ts';
import type { PeopleClient } from './peopleClient.ts';
import type { ProfileClient } from './profileClient.ts';
import type { PublicGroupsClient } from './publicGroupsClient.ts';
import type { SearchClient } from './searchClient.ts';
import type { SettingsClient } from './settingsClient.ts';
import type { TypingClient } from './typingClient.ts';
import type { UnlockFault } from './unlockFault.ts';
import type { Unwatch } from './unwatch.ts';
import type { UpkeepClient } from './upkeepClient.ts';
import type { WakingClient } from './wakingClient.ts';
import type { WorkspacesClient } from './workspacesClient.ts';

export type * from './accountClient.ts';
export type * from './backupClient.ts';
export type * from './conversationFileClient.ts';
export type * from './conversationsClient.ts';
export type * from './filesClient.ts';
export type * from './devicesClient.ts';
export type * from './messagesClient.ts';
export type * from './messagingClient.ts';
export type * from './nearbyClient.ts';
export type * from './peopleClient.ts';
export type * from './profileClient.ts';
export type * from './publicGroupsClient.ts';
export type * from './searchClient.ts';
export type * from './settingsClient.ts';
export type * from './typingClient.ts';
export type * from './upkeepClient.ts';
export type * from './wakingClient.ts';
export type * from './workspacesClient.ts';
export type { UnlockFault } from './unlockFault.ts';
export type { Unwatch } from './unwatch.ts';
export type { GroupDetails, GroupInput, GroupKind, JoinPreview, MemberItem, Notice } from './groupViews.ts';

/**
 * What the page can ask of the engine in its worker. Everything is structured-clonable; every refusal
 * is a {@link Fault} whose code has words in `ui/words`. `watch…` calls `show` at once and after each
 * change, until the returned function is called.
 */
export interface CairnClient
  extends
    AccountClient,
    ConversationFileClient,
    ConversationsClient,
    FilesClient,
    DevicesClient,
    MessagesClient,
    MessagingClient,
    NearbyClient,
    PeopleClient,
    ProfileClient,
    PublicGroupsClient,
    SearchClient,
    BackupClient,
    SettingsClient,
    TypingClient,
    UpkeepClient,
    WakingClient,
    WorkspacesClient {
  /** Whether there is an account on this device, and whether its vault is open in this tab. */
  watchVault(show: (state: VaultState) => void): Unwatch;
  /** Makes identity, device and vault; opens it. Works offline. Refused: `weak-passphrase`, `bad-name`, `exists`. */
  createAccount(input: { name: string; passphrase: string }): Promise<Result<void>>;
  /** Refused: `wrong-passphrase`, `too-soon` (with `retryAt`). Needs no network. */
  unlock(passphrase: string): Promise<Result<void, UnlockFault>>;
  /** Another passphrase from now on. Refused: `weak-passphrase`, and as {@link unlock} for a wrong current one. */
  changePassphrase(input: { current: string; next: string }): Promise<Result<void, UnlockFault | Fault>>;
  watchConnection(show: (state: ConnectionState) => void): Unwatch;
  /** At most `limit` of what waits on this device: what failed first, each oldest first. */
  watchWaiting(limit: number, show: (items: readonly WaitingItem[]) => void): Unwatch;
  retry(operation: string): Promise<Result<void>>;
  discard(operation: string): Promise<Result<void>>;
  /** Tries the relay now instead of at the next turn of the timer. */
  syncNow(): Promise<void>;
}

/** `removed`: the account ended this device, which has just cleared itself; the client is over. */
export type VaultState = 'none' | 'locked' | 'open' | 'removed';

export interface ConnectionState {
  readonly link: 'online' | 'offline' | 'syncing';
  /** Operations that wait on this device. */
  readonly waiting: number;
  /** Operations that need a person. */
  readonly failed: number;
  /** Code of the fault that keeps the device offline until a person does something. */
  readonly refusal?: string;
}

/** What a person wants of a group. */
export type WishKind =
  'create' | 'add' | 'remove' | 'role' | 'settings' | 'link' | 'transfer' | 'leave' | 'join' | 'rejoin';

export interface WaitingItem {
  readonly operation: string;
  readonly what: WishKind | 'message' | 'scheduled' | ChangeKind;
  /** When a scheduled message goes: milliseconds since the epoch. */
  readonly at?: number;
  readonly conversation?: ConversationId;
  readonly title: string;
  readonly text: string;
  readonly since: number;
  readonly status: 'waiting' | 'sending' | 'rekeying' | 'failed';
  /** Code of the fault, where it failed. */
  readonly reason?: string;
}
