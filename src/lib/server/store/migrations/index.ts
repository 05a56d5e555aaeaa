import { accountsAndStreams } from './0001_accounts_and_streams.ts';
import type { Migration } from './migration.ts';

/** All steps, in order. */
export const migrations: readonly Migration[] = [accountsAndStreams];
