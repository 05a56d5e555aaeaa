import type { Clock } from '../core/ports.ts';

export interface RateLimit {
  /** Takes `cost` (1) from the bucket of `key`. 0 when there was as much, else the whole seconds until there is. */
  take(key: string, cost?: number): number;
}

/** Buckets kept at most; then the fullest, which are those least used, go first. */
const MOST_BUCKETS = 100_000;

/**
 * A token bucket for each key: `burst` at once, refilled at `perMinute`. Not a library, because those read
 * the machine's clock and a simulation has its own. Infinite rates limit nothing.
 */
export function createRateLimit(clock: Clock, rate: { readonly perMinute: number; readonly burst: number }): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const perMs = rate.perMinute / 60_000;
  if (!Number.isFinite(perMs)) return { take: () => 0 };

  return {
    take: (key, cost = 1) => {
      // What is more than a full bucket waits for a full one, and not forever.
      const wanted = Math.min(cost, rate.burst);
      const now = clock.now();
      const bucket = buckets.get(key) ?? { tokens: rate.burst, at: now };
      // A clock that was set back gives nothing and takes nothing.
      const tokens = Math.min(rate.burst, bucket.tokens + Math.max(0, now - bucket.at) * perMs);
      if (!buckets.has(key) && buckets.size >= MOST_BUCKETS) forgetFull(now);
      const taken = tokens >= wanted;
      buckets.set(key, { tokens: taken ? tokens - wanted : tokens, at: now });
      return taken ? 0 : Math.max(1, Math.ceil((wanted - tokens) / perMs / 1000));
    },
  };

  /** A bucket that would be full by now is the same as none. If none is, the oldest goes. */
  function forgetFull(now: number): void {
    for (const [key, { tokens, at }] of buckets) if (tokens + (now - at) * perMs >= rate.burst) buckets.delete(key);
    const oldest = buckets.keys().next();
    if (buckets.size >= MOST_BUCKETS && !oldest.done) buckets.delete(oldest.value);
  }
}
