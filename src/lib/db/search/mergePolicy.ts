import type { Segment } from './segment.ts';

/** So many segments of one size become one of the next. */
const FACTOR = 8;
/** Segments of up to this many documents are of the smallest size. */
const SMALLEST = 512;
/** Overruled texts stay on disk, sealed, for at most this long, and at most this share of all. */
const PURGE_AFTER_MS = 60 * 60_000;
const PURGE_SHARE = 8;

/**
 * The segments to merge next, neighbours in the order given (oldest first); fewer than two where nothing
 * is to be done, but for one that must be cleaned.
 * @param hasForeign whether a segment names conversations that are no more.
 */
export function segmentsToMerge(
  segments: readonly Segment[],
  now: number,
  hasForeign: (segment: Segment) => boolean,
): readonly Segment[] {
  const documents = segments.reduce((sum, one) => sum + one.documents, 0);
  const overruled = segments.reduce((sum, one) => sum + one.overruled + one.gone, 0);
  const since = Math.min(...segments.filter((one) => one.overruled > 0).map((one) => one.overrulesSince));
  const mustPurge = overruled > 0 && (overruled * PURGE_SHARE >= documents || since + PURGE_AFTER_MS <= now);
  if (mustPurge || segments.some(hasForeign)) return segments;

  const most = Math.max(0, ...segments.map(sizeOf));
  for (let size = 0; size <= most; size++) {
    // Only neighbours, so that the newer word about a place stays the newer one.
    const run = segments.slice(segments.findLastIndex((one) => sizeOf(one) > size) + 1);
    if (run.filter((one) => sizeOf(one) === size).length >= FACTOR) return run;
  }
  return [];
}

const sizeOf = ({ documents }: Segment): number =>
  Math.max(0, Math.ceil(Math.log(documents / SMALLEST) / Math.log(FACTOR)));
