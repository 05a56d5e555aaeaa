import { statistics, UNREAD, type Statistics, type StatisticsTables } from '../statisticsTables.ts';
import { integer, type Statements } from './statements.ts';

const STORE_BYTES = `SELECT CAST(coalesce(sum(pg_total_relation_size(oid)), 0) AS BIGINT) AS n FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')`;

export function createStatisticsTables(sql: Statements): StatisticsTables {
  return {
    async countAll() {
      const counts: Record<string, number> = {};
      for (const [name, statement] of Object.entries({ ...statistics, store_bytes: STORE_BYTES }))
        counts[name] = await count(statement);
      return counts as Statistics;
    },
    countUnread: () => count(UNREAD),
  };

  async function count(statement: string): Promise<number> {
    const row = await sql.one(statement);
    return row === undefined ? 0 : integer(row, 'n');
  }
}
