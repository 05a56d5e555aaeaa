import type { Migration } from './migration.ts';

/** What an account's key said when it revoked a device: the device clears itself once it has read that. */
export const revocations: Migration = {
  version: 10,
  description: 'what was signed when a device was revoked',
  sqlite: `
    ALTER TABLE devices ADD COLUMN revoked_at INTEGER;
    ALTER TABLE devices ADD COLUMN revocation BLOB CHECK (revocation IS NULL OR length(revocation) = 64);
  `,
  postgres: `
    ALTER TABLE devices ADD COLUMN revoked_at bigint;
    ALTER TABLE devices ADD COLUMN revocation bytea CHECK (length(revocation) = 64);
  `,
  down: {
    sqlite: `
      ALTER TABLE devices DROP COLUMN revocation;
      ALTER TABLE devices DROP COLUMN revoked_at;
    `,
    postgres: `
      ALTER TABLE devices DROP COLUMN revocation;
      ALTER TABLE devices DROP COLUMN revoked_at;
    `,
  },
};
