import type { Migration } from './migration.ts';

/** Which accounts were deleted, as hashes: their other devices must not bring them back. */
export const deletedAccounts: Migration = {
  version: 9,
  description: 'accounts that were deleted stay so',
  sqlite: `
    CREATE TABLE deleted_accounts (
      account_hash BLOB PRIMARY KEY CHECK (length(account_hash) = 32)
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE deleted_accounts (
      account_hash bytea PRIMARY KEY CHECK (length(account_hash) = 32)
    );
  `,
  down: {
    sqlite: 'DROP TABLE deleted_accounts;',
    postgres: 'DROP TABLE deleted_accounts;',
  },
};
