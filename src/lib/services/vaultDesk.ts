import { err } from '../core/result.ts';
import type { BackupClient } from './backupClient.ts';
import type { BackupDesk } from './backupDesk.ts';
import type { CairnClient } from './client.ts';
import { phraseSince } from './openingDatabaseKey.ts';
import { LOCKED, type Desk } from './desk.ts';

/** What is done about the vault besides opening it: another passphrase, the recovery phrase, backups. */
export function vaultDesk({
  ports,
  open,
  openWith,
  watch,
}: Desk): BackupClient & Pick<CairnClient, 'changePassphrase'> {
  const { store } = ports;
  let desk: Promise<BackupDesk> | undefined;
  const backups = (): Promise<BackupDesk> =>
    (desk ??= import('./backupDesk.ts').then(({ createBackupDesk }) =>
      createBackupDesk({ ...ports, relayOrigin: ports.transport.origin, openWith, session: () => open()?.session }),
    ));
  return {
    phraseWords: async () => (await backups()).phraseWords(),
    hasPhrase: async () => (await phraseSince(store)) !== undefined,
    newRecoveryPhrase: async (passphrase) => (await backups()).newRecoveryPhrase(passphrase),
    keepRecoveryPhrase: async () => (await backups()).keepRecoveryPhrase(),
    unlockWithPhrase: async (input) => (await backups()).unlockWithPhrase(input),
    watchBackups: async (show) => watch((await backups()).overview, show),
    watchBackupWork: async (show) => (await backups()).watchBackupWork(show),
    makeBackup: async (input) => (await backups()).makeBackup(input),
    saveBackup: async () => (await backups()).saveBackup(),
    dropBackup: async () => (await backups()).dropBackup(),
    cancelBackupWork: async () => (await backups()).cancelBackupWork(),
    deleteBackup: async (id) => (await backups()).deleteBackup(id),
    setBackupReminder: async (reminder) => (await backups()).setBackupReminder(reminder),
    inspectBackup: async (file) => (await backups()).inspectBackup(file),
    restoreBackup: async (input) => (await backups()).restoreBackup(input),
    async changePassphrase(input) {
      if (open() === undefined) return err(LOCKED);
      return (await import('./passphrase.ts')).changePassphrase(ports, input);
    },
  };
}
