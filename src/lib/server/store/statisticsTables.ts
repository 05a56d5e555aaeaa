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

export type Statistics = Readonly<Record<keyof typeof statistics, number>>;

export interface StatisticsTables {
  countAll(): Promise<Statistics>;
}
