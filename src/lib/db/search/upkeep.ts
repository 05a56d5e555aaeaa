import type { Store } from '../store.ts';
import { indexQueue } from './indexQueue.ts';
import { mergeSegments, sweepSegments } from './merge.ts';
import { segmentsToMerge } from './mergePolicy.ts';
import { ensureIndex, rebuildStep } from './rebuild.ts';
import { liveSegments } from './segment.ts';

/**
 * Does the next thing the index needs: sweep, take in what is queued, go on with a rebuild, merge. Every
 * step leaves it whole. Only one at a time may, on the whole device.
 * @param pause called often in long steps; throws to give up.
 * @returns whether there may be more to do.
 */
export async function tendIndex(store: Store, pause: () => Promise<void>): Promise<boolean> {
  await ensureIndex(store);
  await sweepSegments(store, pause);
  if (await indexQueue(store)) return true;
  // Merged as it grows: a rebuild must not leave thousands of segments behind.
  if (await mergeNext(store, pause)) return true;
  return rebuildStep(store);
}

async function mergeNext(store: Store, pause: () => Promise<void>): Promise<boolean> {
  const segments = await liveSegments(store);
  const conversations = new Set<string>(await store.conversations.toCollection().primaryKeys());
  const isForeign = (id: string) => !conversations.has(id);
  const chosen = segmentsToMerge(segments, store.clock.now(), (one) => one.conversations.some(isForeign));
  if (chosen.length === 0) return false;
  await mergeSegments(store, chosen, { isWhole: chosen.length === segments.length, isForeign, pause });
  return true;
}
