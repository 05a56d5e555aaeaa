import type { MessageRow } from '../store.ts';
import type { StoredMessage } from './whole.ts';

const WAITING: ReadonlySet<MessageRow['status']> = new Set(['queued', 'failed', 'stale']);

/** Whether a message has yet to leave this device. */
export const isWaiting = (status: MessageRow['status']): boolean => WAITING.has(status);

/**
 * Whether a message may lie in a block. What waits, will vanish by itself, or has changes that others do not
 * know of yet, is looked for by the indexes of rows, and stays one.
 */
export const isSettled = ({ row, changes }: StoredMessage): boolean =>
  !isWaiting(row.status) && row.expiresAt === undefined && changes.every(({ syncStatus }) => syncStatus === 'synced');
