import type { Migration } from './migration.ts';

/** In an order that no reference forbids. */
const DROP_ALL = `
  DROP TABLE stream_members;
  DROP TABLE stream_entries;
  DROP TABLE streams;
  DROP TABLE last_resort_uses;
  DROP TABLE key_packages;
  DROP TABLE sessions;
  DROP TABLE login_challenges;
  DROP TABLE devices;
  DROP TABLE accounts;
`;

/**
 * Ids are the 16 bytes they spell, account ids the 32. `STRICT` refuses a value of the wrong type.
 * Rows of `stream_entries` keep a rowid of their own because payloads are large: the two indexes stay
 * small and a page of entries is read in order.
 *
 * In PostgreSQL only tables with the same first key refer to each other, and every unique constraint begins
 * with that key: what is keyed by stream can be spread over many machines by stream, what is keyed by device
 * by device.
 */
export const accountsAndStreams: Migration = {
  version: 1,
  description: 'accounts, logins, key packages and streams',
  sqlite: `
    CREATE TABLE accounts (
      id          BLOB PRIMARY KEY CHECK (length(id) = 32),
      account_key BLOB NOT NULL CHECK (length(account_key) = 32),
      status      TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deactivated')),
      created_at  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE devices (
      id          BLOB PRIMARY KEY CHECK (length(id) = 16),
      account     BLOB NOT NULL REFERENCES accounts (id),
      login_key   BLOB NOT NULL CHECK (length(login_key) = 32),
      certificate BLOB NOT NULL,
      sequence    INTEGER NOT NULL,
      status      TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'revoked')),
      last_seen   INTEGER NOT NULL,
      created_at  INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX devices_of_account ON devices (account, created_at);

    CREATE TABLE login_challenges (
      hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
      device     BLOB NOT NULL REFERENCES devices (id),
      expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX challenges_of_device ON login_challenges (device, expires_at);
    CREATE INDEX challenges_by_end ON login_challenges (expires_at);

    CREATE TABLE sessions (
      token_hash    BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
      device        BLOB NOT NULL REFERENCES devices (id),
      expires_at    INTEGER NOT NULL,
      last_activity INTEGER NOT NULL,
      created_at    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_of_device ON sessions (device);
    CREATE INDEX sessions_by_end ON sessions (expires_at);

    CREATE TABLE key_packages (
      device                 BLOB NOT NULL REFERENCES devices (id),
      ref                    TEXT NOT NULL,
      suite                  INTEGER NOT NULL,
      last_resort            INTEGER NOT NULL CHECK (last_resort IN (0, 1)),
      not_after              INTEGER NOT NULL,
      status                 TEXT NOT NULL CHECK (status IN ('available', 'reserved', 'spent', 'expired')),
      bytes                  BLOB NOT NULL,
      created_at             INTEGER NOT NULL,
      reservation            BLOB UNIQUE,
      reserved_by            BLOB REFERENCES devices (id),
      reserved_by_account    BLOB REFERENCES accounts (id),
      reserved_at            INTEGER,
      reservation_expires_at INTEGER,
      spent_at               INTEGER,
      spent_stream           BLOB,
      UNIQUE (device, ref),
      CHECK ((status IN ('reserved', 'spent')) <= (reservation IS NOT NULL))
    ) STRICT;
    CREATE INDEX packages_to_claim ON key_packages (device, status, last_resort, not_after);
    CREATE INDEX packages_by_holder ON key_packages (device, reserved_by_account, reserved_at);
    CREATE INDEX reservations_by_end ON key_packages (reservation_expires_at) WHERE status = 'reserved';
    CREATE INDEX packages_by_end ON key_packages (not_after) WHERE status = 'available';

    CREATE TABLE last_resort_uses (
      reservation         BLOB PRIMARY KEY CHECK (length(reservation) = 16),
      device              BLOB NOT NULL REFERENCES devices (id),
      ref                 TEXT NOT NULL,
      reserved_by         BLOB NOT NULL REFERENCES devices (id),
      expires_at          INTEGER NOT NULL,
      spent_at            INTEGER,
      spent_stream        BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX last_resort_uses_by_end ON last_resort_uses (expires_at) WHERE spent_at IS NULL;

    CREATE TABLE streams (
      id         BLOB PRIMARY KEY CHECK (length(id) = 16),
      kind       TEXT NOT NULL CHECK (kind IN ('group', 'mailbox')),
      head       INTEGER NOT NULL,
      epoch      INTEGER NOT NULL,
      fence      INTEGER NOT NULL CHECK (fence <= epoch),
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE stream_entries (
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

    CREATE TABLE stream_members (
      stream BLOB NOT NULL REFERENCES streams (id),
      device BLOB NOT NULL REFERENCES devices (id),
      since  INTEGER NOT NULL,
      until  INTEGER,
      PRIMARY KEY (stream, device)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);
  `,
  postgres: `
    CREATE TABLE accounts (
      id          bytea PRIMARY KEY CHECK (length(id) = 32),
      account_key bytea NOT NULL CHECK (length(account_key) = 32),
      status      text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deactivated')),
      created_at  bigint NOT NULL
    );

    CREATE TABLE devices (
      id          bytea PRIMARY KEY CHECK (length(id) = 16),
      account     bytea NOT NULL,
      login_key   bytea NOT NULL CHECK (length(login_key) = 32),
      certificate bytea NOT NULL,
      sequence    bigint NOT NULL,
      status      text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'revoked')),
      last_seen   bigint NOT NULL,
      created_at  bigint NOT NULL
    );
    CREATE INDEX devices_of_account ON devices (account, created_at);

    CREATE TABLE login_challenges (
      hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
      device     bytea NOT NULL,
      expires_at bigint NOT NULL
    );
    CREATE INDEX challenges_of_device ON login_challenges (device, expires_at);
    CREATE INDEX challenges_by_end ON login_challenges (expires_at);

    CREATE TABLE sessions (
      token_hash    bytea PRIMARY KEY CHECK (length(token_hash) = 32),
      device        bytea NOT NULL,
      expires_at    bigint NOT NULL,
      last_activity bigint NOT NULL,
      created_at    bigint NOT NULL
    );
    CREATE INDEX sessions_of_device ON sessions (device);
    CREATE INDEX sessions_by_end ON sessions (expires_at);

    CREATE TABLE key_packages (
      device                 bytea NOT NULL REFERENCES devices (id),
      ref                    text COLLATE "C" NOT NULL,
      suite                  integer NOT NULL,
      last_resort            boolean NOT NULL,
      not_after              bigint NOT NULL,
      status                 text NOT NULL CHECK (status IN ('available', 'reserved', 'spent', 'expired')),
      bytes                  bytea NOT NULL,
      created_at             bigint NOT NULL,
      reservation            bytea,
      reserved_by            bytea,
      reserved_by_account    bytea,
      reserved_at            bigint,
      reservation_expires_at bigint,
      spent_at               bigint,
      spent_stream           bytea,
      PRIMARY KEY (device, ref),
      UNIQUE (device, reservation),
      CHECK (status NOT IN ('reserved', 'spent') OR reservation IS NOT NULL)
    );
    CREATE INDEX packages_to_claim ON key_packages (device, not_after, created_at) WHERE status = 'available';
    CREATE INDEX packages_by_holder ON key_packages (device, reserved_by_account, reserved_at);
    CREATE INDEX packages_by_reservation ON key_packages (reservation) WHERE status = 'reserved';
    CREATE INDEX reservations_by_end ON key_packages (reservation_expires_at) WHERE status = 'reserved';
    CREATE INDEX packages_by_end ON key_packages (not_after) WHERE status = 'available';

    CREATE TABLE last_resort_uses (
      reservation         bytea NOT NULL CHECK (length(reservation) = 16),
      device              bytea NOT NULL REFERENCES devices (id),
      ref                 text COLLATE "C" NOT NULL,
      reserved_by         bytea NOT NULL,
      expires_at          bigint NOT NULL,
      spent_at            bigint,
      spent_stream        bytea,
      PRIMARY KEY (device, reservation)
    );
    CREATE INDEX last_resort_uses_by_reservation ON last_resort_uses (reservation) WHERE spent_at IS NULL;
    CREATE INDEX last_resort_uses_by_end ON last_resort_uses (expires_at) WHERE spent_at IS NULL;

    CREATE TABLE streams (
      id         bytea PRIMARY KEY CHECK (length(id) = 16),
      kind       text NOT NULL CHECK (kind IN ('group', 'mailbox')),
      head       bigint NOT NULL,
      epoch      bigint NOT NULL,
      fence      bigint NOT NULL CHECK (fence <= epoch),
      created_at bigint NOT NULL
    ) WITH (fillfactor = 50);

    CREATE TABLE stream_entries (
      stream  bytea NOT NULL REFERENCES streams (id),
      seq     bigint NOT NULL CHECK (seq > 0),
      kind    text NOT NULL CHECK (kind IN ('record', 'commit', 'welcome')),
      id      bytea NOT NULL CHECK (length(id) = 16),
      epoch   bigint NOT NULL,
      sender  bytea NOT NULL,
      at      bigint NOT NULL,
      size    integer NOT NULL,
      payload bytea NOT NULL,
      PRIMARY KEY (stream, seq),
      UNIQUE (stream, id)
    );
    -- It is ciphertext: trying to compress it is work for nothing.
    ALTER TABLE stream_entries ALTER COLUMN payload SET STORAGE EXTERNAL;

    CREATE TABLE stream_members (
      stream bytea NOT NULL REFERENCES streams (id),
      device bytea NOT NULL,
      since  bigint NOT NULL,
      until  bigint,
      PRIMARY KEY (stream, device)
    );
    CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);
  `,
  down: {
    sqlite: DROP_ALL,
    postgres: DROP_ALL,
  },
};
