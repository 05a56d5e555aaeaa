import { getSetting, setSetting } from './settings.ts';
import type { Store } from './store.ts';

const DAY_MS = 86_400_000;

interface Spent {
  readonly day: number;
  readonly used: number;
}

/**
 * Takes as much as is left of what may be done in a day, inside the caller's transaction, which has `settings`.
 * @param name whose allowance it is
 * @returns how much of `wanted` may be done.
 */
export async function takeAllowance(
  store: Store,
  name: string,
  { wanted, most, now }: { readonly wanted: number; readonly most: number; readonly now: number },
): Promise<number> {
  const key = `allowance/${name}`;
  const day = Math.floor(now / DAY_MS);
  const spent = await getSetting<Spent>(store, key);
  const used = spent?.day === day ? spent.used : 0;
  const given = Math.max(0, Math.min(wanted, most - used));
  if (given > 0) await setSetting(store, key, { day, used: used + given } satisfies Spent, now);
  return given;
}
