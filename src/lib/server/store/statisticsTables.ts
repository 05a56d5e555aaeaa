/** Sizes of what the store holds, for whoever runs the relay. The statements are the same for every engine. */
export const statistics = {
  accounts: 'SELECT count(*) AS n FROM accounts',
  devices: `SELECT count(*) AS n FROM devices WHERE status = 'active'`,
  sessions: 'SELECT count(*) AS n FROM sessions',
  streams: `SELECT count(*) AS n FROM streams WHERE kind = 'group'`,
  // Logs are dense: heads, and what was trimmed, count the entries without reading them.
  entries: 'SELECT CAST(coalesce(sum(head - trimmed), 0) AS BIGINT) AS n FROM streams',
  key_packages: `SELECT count(*) AS n FROM key_packages WHERE status = 'available'`,
  blobs: 'SELECT count(*) AS n FROM blobs',
  blob_bytes: 'SELECT CAST(coalesce(sum(received), 0) AS BIGINT) AS n FROM blobs',
  push_subscriptions: 'SELECT count(*) AS n FROM push_subscriptions',
  listed_groups: 'SELECT count(*) AS n FROM group_directory',
} as const;

/** With `store_bytes`, what the store itself takes on its disk: each engine knows that in its own way. */
export type Statistics = Readonly<Record<keyof typeof statistics | 'store_bytes', number>>;

export interface StatisticsTables {
  countAll(): Promise<Statistics>;
  /** Entries that devices may read and, by their cursors, have not: each counts once for each device. */
  countUnread(): Promise<number>;
}

/** Reads every stay of every device. */
export const UNREAD = `
  SELECT CAST(coalesce(sum(CASE WHEN last > place THEN last - place ELSE 0 END), 0) AS BIGINT) AS n FROM (
    SELECT coalesce(m.until, s.head) AS last, CASE WHEN m.passed > m.since THEN m.passed ELSE m.since END AS place
    FROM stream_members m JOIN streams s ON s.id = m.stream
  ) AS stays`;
