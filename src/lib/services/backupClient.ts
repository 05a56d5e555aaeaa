import type { Result } from '../core/result.ts';
import type { Unwatch } from './unwatch.ts';

/** Recovery phrase and backups. Nothing here needs a network. */
export interface BackupClient {
  /** The words that a recovery phrase is made of, in the order of their list. */
  phraseWords(): Promise<readonly string[]>;
  /** Whether this account has a recovery phrase; known while locked. */
  hasPhrase(): Promise<boolean>;
  /** 24 words that count once they are kept. Refused: as `unlock`. */
  newRecoveryPhrase(passphrase: string): Promise<Result<readonly string[]>>;
  /** The person has shown that they have the words: from now on they open the account, and those before don't. */
  keepRecoveryPhrase(): Promise<Result<void>>;
  /** Refused: `no-phrase`, `phrase-length`, `phrase-word`, `phrase-checksum`, `wrong-phrase`, `weak-passphrase`. */
  unlockWithPhrase(input: { phrase: string; passphrase: string }): Promise<Result<void>>;

  watchBackups(show: (overview: BackupOverview) => void): Unwatch;
  /** What is being made or restored right now. */
  watchBackupWork(show: (work: BackupWork | undefined) => void): Unwatch;
  /**
   * Puts a backup together; it counts once it is saved.
   * Refused: `no-phrase` (without a passphrase of its own), `weak-passphrase`, `no-base`, `busy`, `cancelled`.
   */
  makeBackup(input: { type: 'full' | 'incremental'; passphrase?: string }): Promise<Result<BackupMade>>;
  /** The person has put the file made last somewhere. */
  saveBackup(): Promise<Result<void>>;
  dropBackup(): Promise<void>;
  cancelBackupWork(): Promise<void>;
  /** Takes a backup off the list; its file stays wherever it is. */
  deleteBackup(id: string): Promise<Result<void>>;
  setBackupReminder(reminder: BackupOverview['reminder']): Promise<Result<void>>;

  /** What a file says of itself in clear. Refused: `backup-foreign`, `backup-damaged`, `backup-newer`. */
  inspectBackup(file: Blob): Promise<Result<BackupFacts>>;
  /**
   * Makes the account of a backup this device's own and opens it. Nothing is written before all files were
   * checked. Refused: `exists`, `backup-…`, the phrase's faults, `weak-passphrase`, `busy`, `cancelled`.
   */
  restoreBackup(input: {
    files: readonly Blob[];
    opener: { phrase: string } | { passphrase: string };
    passphrase: string;
  }): Promise<Result<void>>;
}

export interface BackupFacts {
  readonly id: string;
  readonly type: 'full' | 'incremental';
  readonly createdAt: number;
  readonly openedBy: readonly ('phrase' | 'passphrase')[];
}

export interface BackupItem extends BackupFacts {
  readonly status: 'running' | 'completed' | 'failed';
  /** Bytes. */
  readonly size?: number;
}

export interface BackupOverview {
  /** When the recovery phrase was made. */
  readonly phraseSince?: number;
  readonly reminder: 'weekly' | 'monthly' | 'off';
  readonly isDue: boolean;
  /** Whether the next backup may hold only what changed. */
  readonly canAdd: boolean;
  readonly items: readonly BackupItem[];
}

export interface BackupWork {
  readonly what: 'backup' | 'restore';
  readonly done: number;
  readonly of: number;
}

export interface BackupMade {
  readonly id: string;
  readonly name: string;
  readonly file: Blob;
  /** Entries that could not be read, and are not in it. */
  readonly damaged: number;
}
