import type { DeviceId } from './ids.ts';

/**
 * Hybrid logical clock (Kulkarni et al. 2014): wall time in milliseconds with a counter, so that a
 * device's own stamps always grow and a reply always sorts after what it answers.
 */
export interface Stamp {
  readonly ms: number;
  readonly count: number;
}

/** A stamp more than this ahead of our own clock is clamped and marked. */
export const MAX_DRIFT_MS = 5 * 60_000;
const MAX_COUNT = 0xffff;
const SORT_KEY = /^([0-9a-f]{12})([0-9a-f]{4})-(.+)$/;

/** The stamp after `last`, at `now`. */
export function tick(last: Stamp, now: number): Stamp {
  if (now > last.ms) return { ms: now, count: 0 };
  return last.count < MAX_COUNT ? { ms: last.ms, count: last.count + 1 } : { ms: last.ms + 1, count: 0 };
}

/** Our clock after seeing `remote`: at least both, but never dragged further ahead than the drift allows. */
export function observe(last: Stamp, remote: Stamp, now: number): Stamp {
  const seen = clamp(remote, now).stamp;
  return compareStamps(seen, last) > 0 ? seen : last;
}

/** A stamp from another device, at most {@link MAX_DRIFT_MS} ahead of `now`. */
export function clamp(remote: Stamp, now: number): { stamp: Stamp; clamped: boolean } {
  const limit = now + MAX_DRIFT_MS;
  return remote.ms > limit ? { stamp: { ms: limit, count: 0 }, clamped: true } : { stamp: remote, clamped: false };
}

export const compareStamps = (a: Stamp, b: Stamp): number => a.ms - b.ms || a.count - b.count;

/** Sorts as text in the order of time, then counter, then device: `12 hex ms, 4 hex counter, "-", device`. */
export const sortKeyOf = (stamp: Stamp, device: DeviceId): string =>
  `${stamp.ms.toString(16).padStart(12, '0')}${stamp.count.toString(16).padStart(4, '0')}-${device}`;

/** The stamp inside a sort key, or `undefined` where it is none. */
export function stampOf(sortKey: string): Stamp | undefined {
  const parts = SORT_KEY.exec(sortKey);
  if (parts === null) return undefined;
  return { ms: Number.parseInt(parts[1] ?? '', 16), count: Number.parseInt(parts[2] ?? '', 16) };
}
