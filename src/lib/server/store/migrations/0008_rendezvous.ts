import type { Migration } from './migration.ts';

/** Where two devices of one person leave sealed boxes for each other while one is linked. */
export const rendezvous: Migration = {
  version: 8,
  description: 'places where devices are linked',
  sqlite: `
    CREATE TABLE rendezvous (
      id         BLOB PRIMARY KEY CHECK (length(id) = 16),
      expires_at INTEGER NOT NULL,
      new_gone   INTEGER NOT NULL DEFAULT 0,
      old_gone   INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rendezvous_by_end ON rendezvous (expires_at);

    CREATE TABLE rendezvous_boxes (
      rendezvous BLOB NOT NULL REFERENCES rendezvous (id) ON DELETE CASCADE,
      side       TEXT NOT NULL CHECK (side IN ('new', 'old')),
      n          INTEGER NOT NULL,
      box        BLOB NOT NULL,
      PRIMARY KEY (rendezvous, side, n)
    ) STRICT;
  `,
  postgres: `
    CREATE TABLE rendezvous (
      id         bytea PRIMARY KEY CHECK (length(id) = 16),
      expires_at bigint NOT NULL,
      new_gone   bigint NOT NULL DEFAULT 0,
      old_gone   bigint NOT NULL DEFAULT 0
    );
    CREATE INDEX rendezvous_by_end ON rendezvous (expires_at);

    CREATE TABLE rendezvous_boxes (
      rendezvous bytea NOT NULL REFERENCES rendezvous (id) ON DELETE CASCADE,
      side       text COLLATE "C" NOT NULL CHECK (side IN ('new', 'old')),
      n          bigint NOT NULL,
      box        bytea NOT NULL,
      PRIMARY KEY (rendezvous, side, n)
    );
  `,
  down: {
    sqlite: 'DROP TABLE rendezvous_boxes; DROP TABLE rendezvous;',
    postgres: 'DROP TABLE rendezvous_boxes; DROP TABLE rendezvous;',
  },
};
