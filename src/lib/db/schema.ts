import type { Table } from 'dexie';
import type { AnyTable, KeyOf, RowOf } from './declare.ts';
import { laterContents, pinnedMessages, threads, waitingChanges } from './tables/changes.ts';
import { conversations, groupMembers, groups } from './tables/conversations.ts';
import { fileChunks, fileSyncState, fileTransfers, fileVersions, workspaces } from './tables/files.ts';
import {
  auditLog,
  backupContents,
  backupDigests,
  backupMetadata,
  performanceMetrics,
  quarantine,
  retentionPolicies,
  schemaMigrations,
  securityEvents,
  settings,
  usageStatistics,
} from './tables/housekeeping.ts';
import { keyPackageBundles, keyPackages, keyStore, mlsGroups, relayLogin, senderKeys } from './tables/keys.ts';
import {
  fileAttachments,
  messageChanges,
  messageContents,
  messageCounters,
  messagePreviews,
  messageReactions,
  messageReadReceipts,
  messages,
  messagesArchive,
  sharedFiles,
} from './tables/messages.ts';
import { accessControl, contacts, devices, profilePictures, sessions, users } from './tables/people.ts';
import { searchBlocks, searchQueue, searchSegments } from './tables/search.ts';
import { cursors, inbox, offlineOperations, syncOperations } from './tables/sync.ts';

/** Of the tables as declared here; a store on disk with a higher one is refused. */
export const SCHEMA_VERSION = 2;

/**
 * Every table of the store, declared once. The Dexie `stores`, the row types, validation, sealing,
 * constraints and the integrity check come from this. Several details hold for all of it:
 * - a column that is the first part of a compound key or index has no index of its own: Dexie answers
 *   `where('messageId')` from `[messageId+userId]`;
 * - booleans are 1 and 0 on disk and in queries (`where('isActive').equals(1)`), true and false in rows;
 * - a column with a relation is the key, or starts an index, so that cascades need no scan.
 */
export const schema = {
  users,
  profilePictures,
  devices,
  sessions,
  contacts,
  accessControl,
  conversations,
  groups,
  groupMembers,
  messages,
  messageContents,
  messageChanges,
  messageReactions,
  messageReadReceipts,
  fileAttachments,
  sharedFiles,
  messagesArchive,
  waitingChanges,
  pinnedMessages,
  threads,
  laterContents,
  messagePreviews,
  messageCounters,
  keyStore,
  senderKeys,
  mlsGroups,
  keyPackages,
  keyPackageBundles,
  relayLogin,
  offlineOperations,
  syncOperations,
  inbox,
  cursors,
  fileTransfers,
  fileChunks,
  workspaces,
  fileSyncState,
  fileVersions,
  settings,
  auditLog,
  securityEvents,
  performanceMetrics,
  usageStatistics,
  retentionPolicies,
  quarantine,
  backupMetadata,
  backupContents,
  backupDigests,
  schemaMigrations,
  searchSegments,
  searchBlocks,
  searchQueue,
};

export type Schema = typeof schema;
export type TableName = keyof Schema;
export type Row<T extends TableName> = RowOf<Schema[T]>;
export type Key<T extends TableName> = KeyOf<Schema[T]>;

/** The tables of an open store, as Dexie gives them. */
export type StoreTables = { readonly [T in TableName]: Table<Row<T>, Key<T>> };

export const tableNames = Object.keys(schema) as readonly TableName[];

/** The declaration of one table, for code that works on all of them. */
export const declarationOf = (name: TableName): AnyTable => schema[name];

export type UserRow = Row<'users'>;
export type DeviceRow = Row<'devices'>;
export type SessionRow = Row<'sessions'>;
export type ContactRow = Row<'contacts'>;
export type AccessControlRow = Row<'accessControl'>;
export type ConversationRow = Row<'conversations'>;
export type GroupRow = Row<'groups'>;
export type GroupMemberRow = Row<'groupMembers'>;
export type MessageRow = Row<'messages'>;
export type MessageContentRow = Row<'messageContents'>;
export type MessageChangeRow = Row<'messageChanges'>;
export type MessageReactionRow = Row<'messageReactions'>;
export type MessageReadReceiptRow = Row<'messageReadReceipts'>;
export type FileAttachmentRow = Row<'fileAttachments'>;
export type SharedFileRow = Row<'sharedFiles'>;
export type MessagesArchiveRow = Row<'messagesArchive'>;
export type WaitingChangeRow = Row<'waitingChanges'>;
export type PinnedMessageRow = Row<'pinnedMessages'>;
export type ThreadRow = Row<'threads'>;
export type LaterContentRow = Row<'laterContents'>;
export type MessagePreviewRow = Row<'messagePreviews'>;
export type MessageCounterRow = Row<'messageCounters'>;
export type KeyStoreRow = Row<'keyStore'>;
export type SenderKeyRow = Row<'senderKeys'>;
export type MlsGroupRow = Row<'mlsGroups'>;
export type KeyPackageRow = Row<'keyPackages'>;
export type KeyPackageBundleRow = Row<'keyPackageBundles'>;
export type RelayLoginRow = Row<'relayLogin'>;
export type OfflineOperationRow = Row<'offlineOperations'>;
export type SyncOperationRow = Row<'syncOperations'>;
export type InboxRow = Row<'inbox'>;
export type CursorRow = Row<'cursors'>;
export type FileTransferRow = Row<'fileTransfers'>;
export type FileChunkRow = Row<'fileChunks'>;
export type WorkspaceRow = Row<'workspaces'>;
export type FileSyncStateRow = Row<'fileSyncState'>;
export type FileVersionRow = Row<'fileVersions'>;
export type SettingRow = Row<'settings'>;
export type AuditLogRow = Row<'auditLog'>;
export type SecurityEventRow = Row<'securityEvents'>;
export type PerformanceMetricRow = Row<'performanceMetrics'>;
export type UsageStatisticRow = Row<'usageStatistics'>;
export type RetentionPolicyRow = Row<'retentionPolicies'>;
export type QuarantineRow = Row<'quarantine'>;
export type BackupMetadataRow = Row<'backupMetadata'>;
export type BackupContentRow = Row<'backupContents'>;
export type BackupDigestRow = Row<'backupDigests'>;
export type SchemaMigrationRow = Row<'schemaMigrations'>;
export type SearchSegmentRow = Row<'searchSegments'>;
export type SearchBlockRow = Row<'searchBlocks'>;
export type SearchQueueRow = Row<'searchQueue'>;
