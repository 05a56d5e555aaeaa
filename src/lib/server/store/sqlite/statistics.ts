import { statistics, type Statistics, type StatisticsTables } from '../statisticsTables.ts';
import { integer, type Statements } from './statements.ts';

export function createStatisticsTables(sql: Statements): StatisticsTables {
  return {
    async countAll() {
      const counts: Record<string, number> = {};
      for (const [name, statement] of Object.entries(statistics)) {
        const row = sql.one(statement);
        counts[name] = row === undefined ? 0 : integer(row, 'n');
      }
      return counts as Statistics;
    },
  };
}
