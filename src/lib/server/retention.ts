import type { StreamId } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import type { Passed } from './passed.ts';
import type { Store, Tables } from './store/port.ts';

/** How long entries stay: milliseconds since the relay took them, or `Infinity`. */
export interface Retention {
  /** At least this long, and longer while a device that reads the stream has not read them. */
  readonly readMs: number;
  /** At most this long, whoever has not read them. What is in a mailbox waits for its device without end. */
  readonly anyMs: number;
}

export const DAY_MS = 24 * 3600_000;

/**
 * What was read stays as long as members keep chains of old epochs, so that a device that is restored from a
 * backup of that time finds everything since. What was not read stays half a year.
 */
export const standardRetention: Retention = { readMs: 30 * DAY_MS, anyMs: 180 * DAY_MS };

/** Streams that are looked at in one go. */
const LOOKED_AT = 256;
/** What one transaction removes: neither holds up who waits for the stream, or for the one writer of an embedded store. */
const MOST_ENTRIES = 256;
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Goes through all streams once: tells the store how far devices have read, then removes from the beginning of
 * each stream what it need not keep any more, in many small transactions.
 * @param isOver asked between them; true ends it early.
 * @returns how many entries went.
 */
export async function trimStreams(
  context: { readonly store: Store; readonly passed: Passed; readonly clock: Clock; readonly retention: Retention },
  isOver: () => boolean,
): Promise<number> {
  const { store, passed, clock, retention } = context;
  if (!Number.isFinite(retention.readMs) && !Number.isFinite(retention.anyMs)) return 0;
  for (const [stream, devices] of passed.takeAll()) {
    if (isOver()) return 0;
    await store.write(async ({ streams, retention: tables }) => {
      // Held, as by whoever changes members: two that change rows of many devices would wait for each other.
      if ((await streams.lockStream(stream)) !== undefined) await tables.keepPassed(stream, devices);
    });
  }
  const now = clock.now();
  let gone = 0;
  let next: StreamId | undefined;
  do {
    const oldest = now - Math.min(retention.readMs, retention.anyMs);
    const from = next;
    const page = await store.read(({ retention: tables }) => tables.dueStreams(from, oldest, LOOKED_AT));
    for (const stream of page.due) {
      while (!isOver()) {
        const some = await store.read((tables) => goingNext(tables, stream, retention, now));
        if (some === undefined) break;
        await store.write(async ({ streams, retention: tables }) => {
          if ((await streams.lockStream(stream)) !== undefined) await tables.trim(stream, some.through);
        });
        gone += some.count;
      }
    }
    next = page.next;
  } while (next !== undefined && !isOver());
  return gone;
}

/** The oldest entries that go, as many as one transaction takes. Whatever happens meanwhile, they still may. */
async function goingNext(
  { streams, retention: tables }: Tables,
  stream: StreamId,
  retention: Retention,
  now: number,
): Promise<{ readonly through: number; readonly count: number } | undefined> {
  const row = await streams.lockStream(stream);
  if (row === undefined) return undefined;
  const read = (await tables.passedByAll(stream)) ?? row.head;
  const goes = ({ seq, at }: { seq: number; at: number }): boolean =>
    (seq <= read && at <= now - retention.readMs) || (row.kind === 'group' && at <= now - retention.anyMs);
  let through: number | undefined;
  let count = 0;
  let bytes = 0;
  for (const entry of await tables.oldestEntries(stream, MOST_ENTRIES)) {
    bytes += entry.size;
    if (!goes(entry) || (count > 0 && bytes > MOST_BYTES)) break;
    through = entry.seq;
    count += 1;
  }
  return through === undefined ? undefined : { through, count };
}
