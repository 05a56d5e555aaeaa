import type { Migration } from './migration.ts';

/** Where devices are woken, and the groups that everybody may find. */
export const pushAndDirectory: Migration = {
  version: 7,
  description: 'push subscriptions, keys of the relay, the directory of groups',
  sqlite: `
    CREATE TABLE push_subscriptions (
      device   BLOB PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      endpoint TEXT NOT NULL,
      p256dh   BLOB NOT NULL CHECK (length(p256dh) = 65),
      auth     BLOB NOT NULL CHECK (length(auth) = 16)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE relay_keys (
      name  TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE group_directory (
      stream      BLOB PRIMARY KEY REFERENCES streams (id) ON DELETE CASCADE,
      name        TEXT NOT NULL,
      description TEXT NOT NULL,
      link        BLOB NOT NULL,
      account     BLOB NOT NULL CHECK (length(account) = 32),
      expires_at  INTEGER NOT NULL,
      searched    TEXT NOT NULL,
      place       TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE INDEX listings_of_account ON group_directory (account);
    CREATE INDEX listings_by_end ON group_directory (expires_at);
  `,
  postgres: `
    CREATE TABLE push_subscriptions (
      device   bytea PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      endpoint text NOT NULL,
      p256dh   bytea NOT NULL CHECK (length(p256dh) = 65),
      auth     bytea NOT NULL CHECK (length(auth) = 16)
    );

    CREATE TABLE relay_keys (
      name  text COLLATE "C" PRIMARY KEY,
      value text NOT NULL
    );

    CREATE TABLE group_directory (
      stream      bytea PRIMARY KEY REFERENCES streams (id) ON DELETE CASCADE,
      name        text NOT NULL,
      description text NOT NULL,
      link        bytea NOT NULL,
      account     bytea NOT NULL CHECK (length(account) = 32),
      expires_at  bigint NOT NULL,
      searched    text COLLATE "C" NOT NULL,
      place       text COLLATE "C" NOT NULL
    );
    CREATE INDEX listings_in_order ON group_directory (place);
    CREATE INDEX listings_of_account ON group_directory (account);
    CREATE INDEX listings_by_end ON group_directory (expires_at);
  `,
  down: {
    sqlite: 'DROP TABLE group_directory; DROP TABLE relay_keys; DROP TABLE push_subscriptions;',
    postgres: 'DROP TABLE group_directory; DROP TABLE relay_keys; DROP TABLE push_subscriptions;',
  },
};
