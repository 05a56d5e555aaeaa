import { newId } from '../core/ids.ts';
import type { PerformanceMetricRow, Store, UsageStatisticRow } from './store.ts';

/** What this device counts and times about itself. Nobody else ever gets it. */

export interface Sample {
  /** What was timed, such as `unlock`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly category?: string;
  readonly at: number;
}

/** Adds what came together since the last time, in one transaction. @param counts by metric. */
export async function recordMeasures(
  store: Store,
  samples: readonly Sample[],
  counts: ReadonlyMap<string, number>,
  now: number,
): Promise<void> {
  const date = dateOf(now);
  await store.tx('rw', ['performanceMetrics', 'usageStatistics'], async () => {
    const before = await store.usageStatistics.bulkGet([...counts.keys()].map((metric) => [date, metric]));
    await store.usageStatistics.bulkPut(
      [...counts].map(([metric, count], i) => ({ date, metric, value: (before[i]?.value ?? 0) + count })),
    );
    await store.performanceMetrics.bulkAdd(
      samples.map(({ name, value, unit, category, at }) => ({
        metricId: `${at.toString(16).padStart(12, '0')}-${newId(store.random)}`,
        timestamp: at,
        metricName: name,
        metricValue: value,
        unit,
        ...(category !== undefined && { category }),
      })),
    );
  });
}

/** Counts of the days from `from` on (times), oldest first. */
export const usageSince = (store: Store, from: number): Promise<UsageStatisticRow[]> =>
  Promise.resolve(
    store.usageStatistics
      .where('[date+metric]')
      .aboveOrEqual([dateOf(from), ''])
      .toArray(),
  );

/** The newest measurements of one thing, newest first. */
export const newestMetrics = (store: Store, name: string, limit: number): Promise<PerformanceMetricRow[]> =>
  Promise.resolve(
    store.performanceMetrics
      .where('[metricName+timestamp]')
      .between([name, -Infinity], [name, Infinity])
      .reverse()
      .limit(limit)
      .toArray(),
  );

/** The day of a time in UTC, `YYYY-MM-DD`. */
export const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
