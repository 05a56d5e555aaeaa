import type { AccountId, ConversationId, DeviceId, GroupId } from '../../core/ids.ts';
import type { Register, SpaceFile } from '../../domain/space.ts';
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
    /** Of its ciphertext at the relay. */
    blobId: optional(text()),
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
    /** When a person or their settings wanted it to go or come; absent for what nobody has asked for. */
    askedAt: optional(integer()),
    /** When its bytes came or were looked at last; those looked at longest ago make room first. */
    lastUsedAt: optional(integer()),
    /** Until when the relay keeps them for this account, once they made room. */
    heldUntil: optional(integer()),
    /** SHA-256 of the ciphertext, as the relay is told it: an upload goes on while the app is locked. */
    blobHash: optional(bytes()),
    errorMessage: optional(text()),
  },
  indexes: [
    index('status', 'createdAt'),
    index('status', 'askedAt'),
    index('lastUsedAt'),
    index('heldUntil'),
    index('contactId', 'createdAt'),
    index('groupId'),
  ],
  relations: [setNull('contactId', 'contacts', 'contactId'), setNull('groupId', 'groups', 'groupId')],
  checks: [{ name: 'percent', columns: ['progress'], test: (row) => row.progress >= 0 && row.progress <= 100 }],
});

/** Ciphertext chunks, where the browser has no private file system. */
export const fileChunks = table({
  key: ['transferId', 'index'],
  columns: { transferId: text(), index: integer(), chunk: bytes() },
  relations: [cascade('transferId', 'fileTransfers', 'transferId')],
});

/** What a workspace is made of besides its files. */
export interface WorkspaceMemory {
  readonly n: Register<string>;
  /** Folders that are there also while they are empty. */
  readonly d: Readonly<Record<string, Register<boolean>>>;
  /** The person let go of it: what others still say of it counts for nothing here. */
  readonly hasLeft?: boolean;
}

/** What a file is made of, and what was last the same in the folder of the disk that goes with it. */
export interface FileMemory extends SpaceFile {
  /** Which version that was, where it was, and when it was written there, in milliseconds. */
  readonly onDisk?: { readonly i: string; readonly path: string; readonly at?: number };
}

export const workspaces = table({
  key: 'id',
  columns: {
    id: text(),
    userId: text<AccountId>(),
    name: sealed(text()),
    path: sealed(text()),
    /** Keyed hash of the path. */
    pathKey: text(),
    settings: sealed(optional(json<WorkspaceMemory>())),
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
    /** Keyed hash of the path that it should have, which another file may have taken; empty once it is deleted. */
    wantedKey: text(),
    /** Keyed hash of the bytes of its current version. */
    fileHash: text(),
    fileSize: integer(),
    lastModified: integer(),
    syncStatus: oneOf('synced', 'pending', 'conflict', 'error'),
    conflictResolution: optional(oneOf('keepBoth', 'keepLocal', 'keepRemote')),
    /** All that is known of it. */
    metadata: sealed(optional(json<FileMemory>())),
    createdAt: integer(),
    updatedAt: integer(),
  },
  indexes: [
    unique('userId', 'workspaceId', 'pathKey'),
    index('workspaceId', 'wantedKey'),
    index('syncStatus', 'updatedAt'),
  ],
  relations: [cascade('userId', 'users', 'id'), cascade('workspaceId', 'workspaces', 'id')],
});

export const fileVersions = table({
  key: ['fileId', 'version'],
  columns: {
    fileId: text(),
    /** 1 is the first. */
    version: integer(),
    /** Keyed hash of the bytes. */
    fileHash: text(),
    size: integer(),
    deviceId: text<DeviceId>(),
    createdAt: integer(),
    transferId: optional(text()),
  },
  indexes: [index('transferId')],
  relations: [cascade('fileId', 'fileSyncState', 'id'), setNull('transferId', 'fileTransfers', 'transferId')],
});
