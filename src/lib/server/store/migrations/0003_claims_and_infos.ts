import type { Migration } from './migration.ts';

/** A claim that is asked for again is answered alike; a commit may leave what lets members back in. */
export const claimsAndInfos: Migration = {
  version: 3,
  description: 'claims that can be repeated, and what lets members back in',
  sqlite: `
    ALTER TABLE key_packages ADD COLUMN claim BLOB CHECK (claim IS NULL OR length(claim) = 16);
    CREATE INDEX packages_by_claim ON key_packages (claim) WHERE status = 'reserved';
    ALTER TABLE last_resort_uses ADD COLUMN claim BLOB CHECK (claim IS NULL OR length(claim) = 16);
    CREATE INDEX last_resort_uses_by_claim ON last_resort_uses (claim) WHERE spent_at IS NULL;

    CREATE TABLE group_infos (
      stream  BLOB PRIMARY KEY REFERENCES streams (id),
      payload BLOB NOT NULL
    ) STRICT;
  `,
  postgres: `
    ALTER TABLE key_packages ADD COLUMN claim bytea CHECK (length(claim) = 16);
    CREATE INDEX packages_by_claim ON key_packages (device, claim) WHERE status = 'reserved';
    ALTER TABLE last_resort_uses ADD COLUMN claim bytea CHECK (length(claim) = 16);
    CREATE INDEX last_resort_uses_by_claim ON last_resort_uses (device, claim) WHERE spent_at IS NULL;

    CREATE TABLE group_infos (
      stream  bytea PRIMARY KEY REFERENCES streams (id),
      payload bytea NOT NULL
    );
  `,
  down: {
    sqlite: `
      DROP TABLE group_infos;
      DROP INDEX last_resort_uses_by_claim;
      ALTER TABLE last_resort_uses DROP COLUMN claim;
      DROP INDEX packages_by_claim;
      ALTER TABLE key_packages DROP COLUMN claim;
    `,
    postgres: `
      DROP TABLE group_infos;
      ALTER TABLE last_resort_uses DROP COLUMN claim;
      ALTER TABLE key_packages DROP COLUMN claim;
    `,
  },
};
