import type { Migration } from './migration.ts';

/** A device that was removed and let in again has a row for each time: what lies between is not for it. */
export const membersComeBack: Migration = {
  version: 2,
  description: 'devices that are let into a stream more than once',
  sqlite: `
    CREATE TABLE stream_stays (
      stream BLOB NOT NULL REFERENCES streams (id),
      device BLOB NOT NULL REFERENCES devices (id),
      since  INTEGER NOT NULL,
      until  INTEGER,
      PRIMARY KEY (stream, device, since)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO stream_stays SELECT stream, device, since, until FROM stream_members;
    DROP TABLE stream_members;
    ALTER TABLE stream_stays RENAME TO stream_members;
    CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);
  `,
  postgres: `
    ALTER TABLE stream_members DROP CONSTRAINT stream_members_pkey;
    ALTER TABLE stream_members ADD PRIMARY KEY (stream, device, since);
  `,
  // Of several stays the last one is left.
  down: {
    sqlite: `
      CREATE TABLE stream_last_stays (
        stream BLOB NOT NULL REFERENCES streams (id),
        device BLOB NOT NULL REFERENCES devices (id),
        since  INTEGER NOT NULL,
        until  INTEGER,
        PRIMARY KEY (stream, device)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO stream_last_stays SELECT stream, device, since, until FROM stream_members m
        WHERE since = (SELECT max(since) FROM stream_members WHERE stream = m.stream AND device = m.device);
      DROP TABLE stream_members;
      ALTER TABLE stream_last_stays RENAME TO stream_members;
      CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);
    `,
    postgres: `
      DELETE FROM stream_members m USING stream_members later
        WHERE later.stream = m.stream AND later.device = m.device AND later.since > m.since;
      ALTER TABLE stream_members DROP CONSTRAINT stream_members_pkey;
      ALTER TABLE stream_members ADD PRIMARY KEY (stream, device);
    `,
  },
};
