import type { ConversationId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/**
 * Folders of files that are a person's own or shared with a conversation. All of it works offline; what changed goes
 * out when it can. Refused by all that name a workspace or a file: `not-found`; by all that change a shared one:
 * `not-a-member`.
 */
export interface WorkspacesClient {
  /** The latest used first. */
  watchWorkspaces(show: (items: readonly WorkspaceItem[]) => void): Unwatch;
  watchWorkspace(id: string, show: (view: WorkspaceView | undefined) => void): Unwatch;
  /** `conversation`: with whom it is shared; nobody, where it is left out. Refused: `bad-name`. */
  createWorkspace(name: string, conversation?: ConversationId): Promise<Result<string>>;
  /** Refused: `bad-name`. */
  renameWorkspace(id: string, name: string): Promise<Result<void>>;
  /** Gives an own workspace to a conversation, with all that is in it. Refused: `already-shared`. */
  shareWorkspace(id: string, conversation: ConversationId): Promise<Result<void>>;
  /** Says all that is in it again, for people who came later. */
  resendWorkspace(id: string): Promise<Result<void>>;
  /** Off this device with every byte. The others keep theirs. */
  dropWorkspace(id: string): Promise<Result<void>>;

  /** Refused: `bad-path`. */
  createFolder(id: string, path: string): Promise<Result<void>>;
  /** Refused: `bad-path`. */
  moveFolder(id: string, from: string, to: string): Promise<Result<void>>;
  removeFolder(id: string, path: string): Promise<Result<void>>;
  /**
   * Files that come to a folder. One that is there already gets another version where it differs, and nothing happens
   * where it does not. Refused: `bad-path`, `too-large`.
   * @returns how many were new or changed
   */
  addToWorkspace(id: string, folder: string, files: readonly IncomingFile[]): Promise<Result<number>>;
  /** Another version of a file. Refused: `too-large`. */
  writeFile(file: string, blob: Blob): Promise<Result<void>>;
  /** Refused: `bad-path`. */
  moveFile(file: string, path: string): Promise<Result<void>>;
  removeFiles(files: readonly string[]): Promise<Result<void>>;
  /** Brings a deleted file back. */
  restoreFile(file: string): Promise<Result<void>>;
  /** The latest first. */
  fileHistory(file: string): Promise<Result<readonly FileVersionItem[]>>;
  /** An earlier version becomes the current one. */
  restoreVersion(file: string, version: string): Promise<Result<void>>;
  /** Ends a conflict: this device's version, the other one, or each as a file. */
  resolveConflict(file: string, choice: 'local' | 'remote' | 'both'): Promise<Result<void>>;
  /** The bytes, fetched if need be. Refused also: `network`, `file-not-there-yet`, `file-damaged`. */
  openWorkspaceFile(file: string, version?: string): Promise<Result<Blob>>;
  /** Files whose name or text has all the words; texts that are on this device. */
  searchWorkspace(id: string, words: string): Promise<Result<readonly WorkspaceHit[]>>;

  /** Refused: `not-a-zip`, `too-many-in-workspace`, `too-large`. @returns how many files were new or changed */
  importZip(id: string, folder: string, zip: Blob): Promise<Result<number>>;
  /** Everything in it as a zip. Refused as {@link openWorkspaceFile}. */
  exportZip(id: string): Promise<Result<Blob>>;
  /**
   * Makes the workspace and a folder of the disk the same, both ways; what both changed is kept twice.
   * Refused also: `folder-refused`.
   */
  syncFolder(id: string, folder: DiskFolder): Promise<Result<FolderReport>>;
}

export interface WorkspaceItem {
  readonly id: string;
  readonly name: string;
  readonly files: number;
  readonly conflicts: number;
  /** With whom it is shared. */
  readonly conversation?: { readonly id: ConversationId; readonly title: string };
  /** Milliseconds. */
  readonly updatedAt: number;
}

export interface WorkspaceView {
  readonly id: string;
  readonly name: string;
  readonly conversation?: { readonly id: ConversationId; readonly title: string };
  /** Paths, sorted. */
  readonly folders: readonly string[];
  /** By path. */
  readonly files: readonly WorkspaceFile[];
  /** Those that were deleted, the latest first. */
  readonly deleted: readonly WorkspaceFile[];
}

export interface WorkspaceFile {
  readonly id: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  /** Milliseconds. */
  readonly modified: number;
  readonly versions: number;
  /** `absent`: its bytes are fetched when it is opened. */
  readonly state: 'here' | 'absent' | 'conflict';
}

export interface FileVersionItem {
  readonly id: string;
  /** 1 is the first. */
  readonly number: number;
  readonly size: number;
  readonly at: number;
  /** Whose device it is from; this person is the empty name. */
  readonly by: string;
  readonly isThisDevice: boolean;
  /** One of those that are current: several in a conflict. */
  readonly isCurrent: boolean;
}

export interface IncomingFile {
  /** Within the folder that it comes to. */
  readonly path: string;
  readonly blob: Blob;
}

export interface WorkspaceHit {
  readonly file: WorkspaceFile;
  /** The text around the first hit, in one line; absent where only the name has it. */
  readonly snippet?: string;
}

/** A folder of the disk, as the File System Access API gives it. */
export interface DiskFolder {
  readonly kind: 'directory';
  readonly name: string;
  entries(): AsyncIterable<[string, DiskFolder | DiskFile]>;
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<DiskFolder>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<DiskFile>;
  removeEntry(name: string): Promise<void>;
}

export interface DiskFile {
  readonly kind: 'file';
  readonly name: string;
  getFile(): Promise<Blob>;
  createWritable(): Promise<{ write(data: Blob): Promise<void>; close(): Promise<void> }>;
}

export interface FolderReport {
  /** Files that came from the disk, and that went to it. */
  readonly taken: number;
  readonly written: number;
  readonly conflicts: number;
}
