import type { Migration } from './migration.ts';

/**
 * Accounts can be deleted: the logs of groups keep the ids of devices that are gone, so they no longer
 * reference them. Handles are kept apart by what they look like.
 */
export const accountsThatGo: Migration = {
  version: 5,
  description: 'accounts that rest or go, handles, invitations',
  sqlite: `
    CREATE TABLE entries_of_all (
      stream  BLOB NOT NULL REFERENCES streams (id),
      seq     INTEGER NOT NULL CHECK (seq > 0),
      kind    TEXT NOT NULL CHECK (kind IN ('record', 'commit', 'welcome')),
      id      BLOB NOT NULL CHECK (length(id) = 16),
      epoch   INTEGER NOT NULL,
      sender  BLOB NOT NULL CHECK (length(sender) = 16),
      at      INTEGER NOT NULL,
      size    INTEGER NOT NULL,
      payload BLOB NOT NULL,
      UNIQUE (stream, seq),
      UNIQUE (stream, id)
    ) STRICT;
    INSERT INTO entries_of_all SELECT stream, seq, kind, id, epoch, sender, at, size, payload FROM stream_entries ORDER BY rowid;
    DROP TABLE stream_entries;
    ALTER TABLE entries_of_all RENAME TO stream_entries;

    CREATE TABLE stream_stays (
      stream BLOB NOT NULL REFERENCES streams (id),
      device BLOB NOT NULL CHECK (length(device) = 16),
      since  INTEGER NOT NULL,
      until  INTEGER,
      PRIMARY KEY (stream, device, since)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO stream_stays SELECT stream, device, since, until FROM stream_members;
    DROP TABLE stream_members;
    ALTER TABLE stream_stays RENAME TO stream_members;
    CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);

    ALTER TABLE accounts ADD COLUMN status_at INTEGER NOT NULL DEFAULT 0;

    CREATE INDEX blobs_of_owner ON blobs (owner);

    CREATE TABLE handles (
      skeleton TEXT PRIMARY KEY,
      handle   TEXT NOT NULL,
      account  BLOB CHECK (length(account) = 32),
      free_at  INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX handle_of_account ON handles (account) WHERE free_at IS NULL;

    CREATE TABLE invitations (
      code_hash  BLOB PRIMARY KEY CHECK (length(code_hash) = 32),
      expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    ALTER TABLE accounts ADD COLUMN status_at bigint NOT NULL DEFAULT 0;
    CREATE INDEX blobs_of_owner ON blobs (owner);

    CREATE TABLE handles (
      skeleton text COLLATE "C" PRIMARY KEY,
      handle   text NOT NULL,
      account  bytea CHECK (length(account) = 32),
      free_at  bigint
    );
    CREATE UNIQUE INDEX handle_of_account ON handles (account) WHERE free_at IS NULL;

    CREATE TABLE invitations (
      code_hash  bytea PRIMARY KEY CHECK (length(code_hash) = 32),
      expires_at bigint NOT NULL
    );
  `,
  // What devices that are gone left in logs goes with them.
  down: {
    sqlite: `
      DROP TABLE invitations;
      DROP TABLE handles;
      DROP INDEX blobs_of_owner;
      ALTER TABLE accounts DROP COLUMN status_at;

      CREATE TABLE entries_of_known (
        stream  BLOB NOT NULL REFERENCES streams (id),
        seq     INTEGER NOT NULL CHECK (seq > 0),
        kind    TEXT NOT NULL CHECK (kind IN ('record', 'commit', 'welcome')),
        id      BLOB NOT NULL CHECK (length(id) = 16),
        epoch   INTEGER NOT NULL,
        sender  BLOB NOT NULL REFERENCES devices (id),
        at      INTEGER NOT NULL,
        size    INTEGER NOT NULL,
        payload BLOB NOT NULL,
        UNIQUE (stream, seq),
        UNIQUE (stream, id)
      ) STRICT;
      INSERT INTO entries_of_known SELECT stream, seq, kind, id, epoch, sender, at, size, payload FROM stream_entries
        WHERE sender IN (SELECT id FROM devices) ORDER BY rowid;
      DROP TABLE stream_entries;
      ALTER TABLE entries_of_known RENAME TO stream_entries;

      CREATE TABLE stays_of_known (
        stream BLOB NOT NULL REFERENCES streams (id),
        device BLOB NOT NULL REFERENCES devices (id),
        since  INTEGER NOT NULL,
        until  INTEGER,
        PRIMARY KEY (stream, device, since)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO stays_of_known SELECT stream, device, since, until FROM stream_members
        WHERE device IN (SELECT id FROM devices);
      DROP TABLE stream_members;
      ALTER TABLE stays_of_known RENAME TO stream_members;
      CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);
    `,
    postgres: `
      DROP TABLE invitations;
      DROP TABLE handles;
      DROP INDEX blobs_of_owner;
      ALTER TABLE accounts DROP COLUMN status_at;
    `,
  },
};
