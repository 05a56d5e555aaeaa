import { err, ok, type Fault, type Result } from '../core/result.ts';
import { phraseWordList } from '../crypto/recoveryPhrase.ts';
import {
  backupReminder,
  deleteBackup,
  failUnfinishedBackups,
  isBackupDue,
  lastBackup,
  lastCompleted,
  listBackups,
  setBackupReminder,
  type EncryptionInfo,
} from '../db/backup/records.ts';
import { settleStorage } from '../db/faults.ts';
import type { Identity } from '../sync/identity.ts';
import type { Session } from '../sync/session.ts';
import type { AccountPorts } from './account.ts';
import { makeBackup, type BackupFiles, type MadeBackup, type Progress } from './backup.ts';
import { blobFiles } from './blobFiles.ts';
import type { BackupClient, BackupOverview, BackupWork } from './client.ts';
import { phraseSince } from './openingDatabaseKey.ts';
import { newRecoveryPhrase, unlockWithPhrase, type NewPhrase } from './recovery.ts';
import { inspectBackup, restoreBackup } from './restore.ts';

/** What the desk needs of the client it belongs to. */
export interface DeskPorts extends AccountPorts {
  readonly backupFiles?: BackupFiles;
  /** The open vault. */
  session(): Session | undefined;
  openWith(identity: Identity): Promise<void>;
}

export type BackupDesk = Omit<BackupClient, 'watchBackups' | 'hasPhrase'> & {
  overview(session: Session): Promise<BackupOverview>;
};

/** The client's part about recovery phrase and backups: one piece of work at a time, and what waits to be kept. */
export function createBackupDesk(ports: DeskPorts): BackupDesk {
  const { store, clock } = ports;
  let phrase: NewPhrase | undefined;
  let made: MadeBackup | undefined;
  let work: BackupWork | undefined;
  let isCancelled = false;
  let isReady: Promise<unknown> | undefined;
  const watchers = new Set<(work: BackupWork | undefined) => void>();
  const tell = (next: BackupWork | undefined): void => {
    work = next;
    for (const show of watchers) show(next);
  };

  /** Long work with its progress: told when a hundredth more is done. */
  const run = async <T>(
    what: BackupWork['what'],
    task: (progress: Progress) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    if (work !== undefined) return err({ code: 'busy', retry: 'now' });
    isCancelled = false;
    let told = 0;
    tell({ what, done: 0, of: 1 });
    const result = await settleStorage(() =>
      task({
        isCancelled: () => isCancelled,
        report(done, of) {
          if (done - told < of / 100) return;
          told = done;
          tell({ what, done, of });
        },
      }),
    );
    tell(undefined);
    return result.ok ? result.value : result;
  };
  const dropMade = async (): Promise<void> => {
    const before = made;
    made = undefined;
    await before?.drop();
  };

  return {
    phraseWords: phraseWordList,
    async newRecoveryPhrase(passphrase) {
      if (ports.session() === undefined) return err(LOCKED);
      const fresh = await newRecoveryPhrase(ports, passphrase);
      if (!fresh.ok) return fresh;
      phrase = fresh.value;
      return ok(phrase.words);
    },
    async keepRecoveryPhrase() {
      const kept = phrase;
      if (kept === undefined) return err({ code: 'no-phrase', retry: 'person' });
      const stored = await settleStorage(() => kept.keep());
      if (stored.ok) phrase = undefined;
      return stored;
    },
    async unlockWithPhrase(input) {
      const opened = await unlockWithPhrase(ports, input);
      if (!opened.ok) return opened;
      await ports.openWith(opened.value);
      return ok(undefined);
    },

    async overview() {
      // Asked all at once: a live query watches what was asked before it waits.
      const [rows, reminder, since, base, identity] = await Promise.all([
        listBackups(store),
        backupReminder(store),
        phraseSince(store),
        lastBackup(store),
        store.keyStore.get('identity'),
      ]);
      const now = clock.now();
      return {
        ...(since !== undefined && { phraseSince: since }),
        reminder,
        isDue: isBackupDue(reminder, lastCompleted(rows), identity?.createdAt ?? now, now),
        canAdd: base !== undefined,
        items: rows.map((row) => ({
          id: row.backupId,
          type: row.backupType,
          status: row.status,
          createdAt: row.createdAt,
          ...(row.totalSize !== undefined && { size: row.totalSize }),
          openedBy: (row.encryptionInfo as EncryptionInfo | undefined)?.openedBy ?? [],
        })),
      };
    },
    async watchBackupWork(show) {
      watchers.add(show);
      show(work);
      return () => watchers.delete(show);
    },
    async makeBackup(wanted) {
      const session = ports.session();
      if (session === undefined) return err(LOCKED);
      await (isReady ??= failUnfinishedBackups(store));
      await dropMade();
      const done = await run('backup', (progress) =>
        makeBackup(session, ports.backupFiles ?? blobFiles, wanted, progress),
      );
      if (!done.ok) return done;
      made = done.value;
      const { id, name, file, damaged } = made;
      return ok({ id, name, file, damaged });
    },
    async saveBackup() {
      const kept = made;
      return kept === undefined ? err({ code: 'not-found', retry: 'never' }) : settleStorage(() => kept.save());
    },
    dropBackup: dropMade,
    async cancelBackupWork() {
      isCancelled = true;
    },
    deleteBackup: (id) => settleStorage(() => deleteBackup(store, id)),
    setBackupReminder: (reminder) =>
      ports.session() === undefined
        ? Promise.resolve(err(LOCKED))
        : settleStorage(() => setBackupReminder(store, reminder, clock.now())),

    inspectBackup,
    async restoreBackup(input) {
      const restored = await run('restore', (progress) => restoreBackup(ports, input, progress));
      if (!restored.ok) return restored;
      await ports.openWith(restored.value);
      return ok(undefined);
    },
  };
}

const LOCKED: Fault<'locked'> = { code: 'locked', retry: 'person' };
