import { statistics, UNREAD, type Statistics, type StatisticsTables } from '../statisticsTables.ts';
import { integer, type Statements } from './statements.ts';

const STORE_BYTES = `SELECT page_count * page_size AS n FROM pragma_page_count(), pragma_page_size()`;

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
    const row = sql.one(statement);
    return row === undefined ? 0 : integer(row, 'n');
  }
}
