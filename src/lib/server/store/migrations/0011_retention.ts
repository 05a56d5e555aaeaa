import type { Migration } from './migration.ts';

/**
 * Streams lose what nobody needs any more from their beginning: up to where each one did, and up to where each
 * device said that it has read. The index still answers "what may this device read" alone.
 */
export const retention: Migration = {
  version: 11,
  description: 'streams that lose what was read, or is old',
  sqlite: `
    ALTER TABLE streams ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE stream_members ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;
    DROP INDEX streams_of_device;
    CREATE INDEX streams_of_device ON stream_members (device, stream, since, until, passed);
  `,
  postgres: `
    ALTER TABLE streams ADD COLUMN trimmed bigint NOT NULL DEFAULT 0;
    ALTER TABLE stream_members ADD COLUMN passed bigint NOT NULL DEFAULT 0;
    DROP INDEX streams_of_device;
    CREATE INDEX streams_of_device ON stream_members (device, stream, since, until, passed);
  `,
  // What was trimmed stays so, and an older relay does not say it: whoever missed it finds a gap.
  down: {
    sqlite: `
      DROP INDEX streams_of_device;
      CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);
      ALTER TABLE stream_members DROP COLUMN passed;
      ALTER TABLE streams DROP COLUMN trimmed;
    `,
    postgres: `
      DROP INDEX streams_of_device;
      CREATE INDEX streams_of_device ON stream_members (device, stream, since, until);
      ALTER TABLE stream_members DROP COLUMN passed;
      ALTER TABLE streams DROP COLUMN trimmed;
    `,
  },
};
