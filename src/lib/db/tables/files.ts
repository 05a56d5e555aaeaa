import type { AccountId, ConversationId, DeviceId, GroupId } from '../../core/ids.ts';
import {
  bytes,
  cascade,
  index,
  integer,
  json,
  oneOf,
  optional,
  sealed,
  setNull,
  table,
  text,
  unique,
} from '../declare.ts';

export const fileTransfers = table({
  key: 'transferId',
  columns: {
    transferId: text(),
    fileName: sealed(text()),
    fileSize: integer(),
    /** SHA-256 of the whole file; checked before `completed`. */
    fileHash: sealed(optional(bytes())),
    fileKey: sealed(optional(bytes())),
    contactId: optional(text<AccountId>()),
    groupId: optional(text<GroupId>()),
    direction: oneOf('inbound', 'outbound'),
    status: oneOf('pending', 'active', 'paused', 'completed', 'failed', 'cancelled'),
    /** Percent. */
    progress: integer(),
    chunkSize: integer(),
    chunksDone: integer(),
    createdAt: integer(),
    completedAt: optional(integer()),
    errorMessage: optional(text()),
  },
  indexes: [index('status', 'createdAt'), index('contactId', 'createdAt'), index('groupId')],
  relations: [setNull('contactId', 'contacts', 'contactId'), setNull('groupId', 'groups', 'groupId')],
  checks: [{ name: 'percent', columns: ['progress'], test: (row) => row.progress >= 0 && row.progress <= 100 }],
});

/** Ciphertext chunks, where the browser has no private file system. */
export const fileChunks = table({
  key: ['transferId', 'index'],
  columns: { transferId: text(), index: integer(), chunk: bytes() },
  relations: [cascade('transferId', 'fileTransfers', 'transferId')],
});

export const workspaces = table({
  key: 'id',
  columns: {
    id: text(),
    userId: text<AccountId>(),
    name: sealed(text()),
    path: sealed(text()),
    /** Keyed hash of the path. */
    pathKey: text(),
    settings: sealed(optional(json())),
    /** Where it is shared. */
    conversationId: optional(text<ConversationId>()),
    lastAccessed: integer(),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [unique('userId', 'pathKey'), index('conversationId')],
  relations: [cascade('userId', 'users', 'id'), setNull('conversationId', 'conversations', 'id')],
});

export const fileSyncState = table({
  key: 'id',
  columns: {
    id: text(),
    userId: text<AccountId>(),
    workspaceId: text(),
    filePath: sealed(text()),
    /** Keyed hash of the path. */
    pathKey: text(),
    fileHash: text(),
    fileSize: integer(),
    lastModified: integer(),
    syncStatus: oneOf('synced', 'pending', 'conflict', 'error'),
    conflictResolution: optional(oneOf('keepBoth', 'keepLocal', 'keepRemote')),
    metadata: sealed(optional(json())),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [unique('userId', 'workspaceId', 'pathKey'), index('workspaceId'), index('syncStatus', 'updatedAt')],
  relations: [cascade('userId', 'users', 'id'), cascade('workspaceId', 'workspaces', 'id')],
});

export const fileVersions = table({
  key: ['fileId', 'version'],
  columns: {
    fileId: text(),
    version: integer(),
    fileHash: text(),
    size: integer(),
    deviceId: text<DeviceId>(),
    createdAt: integer(),
    transferId: optional(text()),
  },
  indexes: [index('transferId')],
  relations: [cascade('fileId', 'fileSyncState', 'id'), setNull('transferId', 'fileTransfers', 'transferId')],
});
