import type { Migration } from './migration.ts';

/** Large ciphertexts: how far each upload is, and which accounts hold it. The bytes lie elsewhere. */
export const blobs: Migration = {
  version: 4,
  description: 'blobs and who holds them',
  sqlite: `
    CREATE TABLE blobs (
      id         BLOB PRIMARY KEY CHECK (length(id) = 16),
      owner      BLOB NOT NULL CHECK (length(owner) = 32),
      size       INTEGER NOT NULL CHECK (size > 0),
      sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
      received   INTEGER NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND size),
      hash_state BLOB,
      gone       INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
      touched_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX uploads_by_time ON blobs (touched_at) WHERE received < size;
    CREATE INDEX gone_blobs ON blobs (id) WHERE gone = 1;

    CREATE TABLE blob_holds (
      blob       BLOB NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
      account    BLOB NOT NULL CHECK (length(account) = 32),
      size       INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      PRIMARY KEY (blob, account)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX holds_of_account ON blob_holds (account, size);
    CREATE INDEX holds_by_end ON blob_holds (expires_at);
  `,
  postgres: `
    CREATE TABLE blobs (
      id         bytea PRIMARY KEY CHECK (length(id) = 16),
      owner      bytea NOT NULL CHECK (length(owner) = 32),
      size       bigint NOT NULL CHECK (size > 0),
      sha256     bytea NOT NULL CHECK (length(sha256) = 32),
      received   bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND size),
      hash_state bytea,
      gone       boolean NOT NULL DEFAULT false,
      touched_at bigint NOT NULL
    );
    CREATE INDEX uploads_by_time ON blobs (touched_at) WHERE received < size;
    CREATE INDEX gone_blobs ON blobs (id) WHERE gone;

    CREATE TABLE blob_holds (
      blob       bytea NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
      account    bytea NOT NULL CHECK (length(account) = 32),
      size       bigint NOT NULL,
      expires_at bigint NOT NULL,
      PRIMARY KEY (blob, account)
    );
    CREATE INDEX holds_of_account ON blob_holds (account, size);
    CREATE INDEX holds_by_end ON blob_holds (expires_at);
  `,
  down: {
    sqlite: 'DROP TABLE blob_holds; DROP TABLE blobs;',
    postgres: 'DROP TABLE blob_holds; DROP TABLE blobs;',
  },
};
