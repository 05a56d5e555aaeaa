import type { Migration } from './migration.ts';

/** A group may be joined by link: the hash of the token that opens its door, and the sealed key behind it. */
export const doors: Migration = {
  version: 6,
  description: 'groups that are joined by link',
  sqlite: `
    CREATE TABLE group_doors (
      stream BLOB PRIMARY KEY REFERENCES streams (id),
      token  BLOB NOT NULL CHECK (length(token) = 32),
      box    BLOB NOT NULL
    ) STRICT;
  `,
  postgres: `
    CREATE TABLE group_doors (
      stream bytea PRIMARY KEY REFERENCES streams (id),
      token  bytea NOT NULL CHECK (length(token) = 32),
      box    bytea NOT NULL
    );
  `,
  down: { sqlite: 'DROP TABLE group_doors;', postgres: 'DROP TABLE group_doors;' },
};
