import { alternate, type Rate } from '../rates.ts';
import { COUNTS, ROUNDS, TASKS, type Implementation, type Task } from './tasks.ts';

export type Comparison = Readonly<Record<Task, readonly Rate[]>>;

/** All implementations at all three tasks, in this process or page. */
export async function compare(implementations: readonly Implementation[]): Promise<Comparison> {
  const measured: Partial<Record<Task, readonly Rate[]>> = {};
  for (const task of TASKS) {
    const contestants = implementations.map((one) => ({ name: one.name, round: one[task] }));
    measured[task] = await alternate(contestants, COUNTS[task], ROUNDS[task]);
  }
  return measured as Comparison;
}
