import type { Fault } from '../../core/result.ts';

/**
 * `backup-foreign`: no backup of Cairn at all. `backup-damaged`: altered, cut off, or put together from
 * others. `backup-newer`: of a later version of the format or of the store. `backup-key`: the phrase or
 * passphrase opens another backup, or none.
 */
export type BackupErrorCode = 'backup-foreign' | 'backup-damaged' | 'backup-newer' | 'backup-key';
export type BackupFault = Fault<BackupErrorCode>;

/** @param detail where it was noticed; nothing of what is inside. */
export const backupFault = (code: BackupErrorCode, detail?: string): BackupFault => ({
  code,
  retry: code === 'backup-key' ? 'person' : 'never',
  ...(detail === undefined ? {} : { detail }),
});
