import { getSetting } from './settings.ts';
import type { FileTransferRow, Store } from './store.ts';

/** What a person wants of files on this device. */
export interface FileSettings {
  /** Files of at most so many bytes come by themselves; 0: none. */
  readonly automatic: number;
  /** Files that can be fetched again take at most so many bytes; 0: as many as they like. */
  readonly budget: number;
}

/** Name of the setting. */
export const FILE_SETTINGS = 'files';
const defaults: FileSettings = { automatic: 5_000_000, budget: 2_000_000_000 };

export const readFileSettings = async (store: Store): Promise<FileSettings> => ({
  ...defaults,
  ...(await getSetting<Partial<FileSettings>>(store, FILE_SETTINGS)),
});

/** A transfer as it is first known of: a small file is asked for at once. */
export const wantedTransfer = (
  row: FileTransferRow,
  { automatic }: Pick<FileSettings, 'automatic'>,
): FileTransferRow => (row.fileSize > automatic ? row : { ...row, status: 'pending', askedAt: row.createdAt });
