import type { GroupId, StreamId } from '../core/ids.ts';
import type { InboxRow, Store } from './store.ts';

/** Entries as the relay handed them out, kept until the unlocked app has processed them. */

/** Where each stream was read up to. */
export async function loadCursors(store: Store): Promise<Map<StreamId, number>> {
  return new Map((await store.cursors.toArray()).map((row) => [row.streamId, row.seq]));
}

/**
 * Forgets how far streams were read of which the relay has less: somebody once said a number that was never
 * there, and what came since would not be fetched. They are read again from where this device was let in.
 * @returns how many there were.
 */
export async function dropCursorsBeyond(
  store: Store,
  ends: Readonly<Partial<Record<string, number>>>,
): Promise<number> {
  return store.tx('rw', ['cursors'], async () => {
    const beyond = (await store.cursors.toArray()).filter((row) => row.seq > (ends[row.streamId] ?? Infinity));
    await store.cursors.bulkDelete(beyond.map((row) => row.streamId));
    return beyond.length;
  });
}

/** How often entries behind a gap are left with the relay before they are taken all the same. */
const GAP_PATIENCE = 3;

/**
 * Stores new entries and moves the cursors, together. Entries behind a cursor are left out; cursors never go
 * back. In one of the `gapless` streams what follows a gap is left out too, for the first few times; then it
 * is taken, and the number of the first missing entry stays with the cursor.
 * @param trimmed streams whose next entry the relay has no more, and the first that it has: they go on there.
 * @returns how many of the entries are dealt with.
 */
export async function collectEntries(
  store: Store,
  entries: readonly InboxRow[],
  gapless: ReadonlySet<string>,
  now: number,
  trimmed: Readonly<Partial<Record<StreamId, number>>> = {},
): Promise<number> {
  return store.tx('rw', ['inbox', 'cursors'], async () => {
    const cursors = new Map((await store.cursors.toArray()).map((row) => [row.streamId, row]));
    const moved = new Set<StreamId>();
    for (const [id, first = 0] of Object.entries(trimmed)) {
      const streamId = id as StreamId;
      const before = cursors.get(streamId);
      const next = (before?.seq ?? 0) + 1;
      if (first <= next) continue;
      cursors.set(streamId, { trimmedFrom: next, ...before, streamId, seq: first - 1, updatedAt: now });
      moved.add(streamId);
    }
    const held = new Set<StreamId>();
    const fresh: InboxRow[] = [];
    for (const entry of entries) {
      const { streamId, seq } = entry;
      const before = cursors.get(streamId);
      if (held.has(streamId) || seq <= (before?.seq ?? 0)) continue;
      const skips = before !== undefined && gapless.has(streamId) && before.isLetIn !== true && seq !== before.seq + 1;
      if (before !== undefined && skips && (before.gapTries ?? 0) < GAP_PATIENCE) {
        held.add(streamId);
        cursors.set(streamId, { ...before, gapTries: (before.gapTries ?? 0) + 1, updatedAt: now });
        continue;
      }
      const { isLetIn: _, gapTries: _tries, ...marks } = before ?? {};
      const gap = skips ? { missingFrom: before.seq + 1 } : {};
      cursors.set(streamId, { ...gap, ...marks, streamId, seq, updatedAt: now });
      fresh.push(entry);
    }
    await store.inbox.bulkPut(fresh);
    const touched = new Set([...moved, ...fresh.map((entry) => entry.streamId), ...held]);
    await store.cursors.bulkPut([...touched].flatMap((streamId) => cursors.get(streamId) ?? []));
    return entries.filter((entry) => !held.has(entry.streamId) || fresh.includes(entry)).length;
  });
}

/** A welcome led into the group: its stream goes on somewhere else than where it was left. Inside the caller's transaction. */
export async function expectGap(store: Store, streamId: StreamId): Promise<void> {
  await store.cursors.update(streamId, { isLetIn: true });
}

/** Streams of which entries never came, as nobody was told yet. */
export async function streamsWithGaps(store: Store): Promise<StreamId[]> {
  const rows = await store.cursors.toArray();
  return rows
    .filter(({ missingFrom, trimmedFrom }) => missingFrom !== undefined || trimmedFrom !== undefined)
    .map(({ streamId }) => streamId);
}

/** From where on entries never came: that were skipped, and that were too old. */
interface Gap {
  readonly missingFrom?: number | undefined;
  readonly trimmedFrom?: number | undefined;
}

/** From where on entries of a stream never came; telling it once forgets it. Inside the caller's transaction. */
export async function takeGap(store: Store, stream: StreamId): Promise<Gap> {
  const cursor = await store.cursors.get(stream);
  if (cursor === undefined) return {};
  const { missingFrom, trimmedFrom, ...row } = cursor;
  await store.cursors.put(row);
  return { missingFrom, trimmedFrom };
}

/** Streams that have entries to process. */
export async function streamsWithNews(store: Store): Promise<StreamId[]> {
  const keys = await store.inbox.where('status').equals('new').primaryKeys();
  return [...new Set(keys.map(([stream]) => stream))];
}

/** Streams with entries that wait for something: a welcome, or a commit before them. */
export async function streamsBuffered(store: Store): Promise<StreamId[]> {
  const keys = await store.inbox.where('status').equals('buffered').primaryKeys();
  return [...new Set(keys.map(([stream]) => stream))];
}

/**
 * Entries of a stream that wait though the stream itself is no further.
 * @param epoch that the stream is in.
 */
export const bufferedUpTo = (store: Store, stream: StreamId, epoch: number): Promise<InboxRow[]> =>
  Promise.resolve(
    store.inbox
      .where('[streamId+seq]')
      .between([stream, 0], [stream, Infinity])
      .filter((row) => row.status === 'buffered' && row.epoch <= epoch)
      .toArray(),
  );

/** The oldest unprocessed entries of a stream, in order. */
export async function nextEntries(store: Store, stream: StreamId, most: number): Promise<InboxRow[]> {
  const rows = await store.inbox
    .where('[streamId+seq]')
    .between([stream, 0], [stream, Infinity])
    .filter((row) => row.status === 'new')
    .limit(most)
    .toArray();
  return rows;
}

/**
 * Whether something waits unread, and only in muted conversations; what own devices tell each other does not count.
 * Works while locked.
 */
export async function waitsMuted(store: Store): Promise<boolean> {
  const waiting = await store.inbox
    .where('[status+streamId+seq]')
    .between(['new', '', 0], ['new', '\uffff', Infinity])
    .primaryKeys();
  const streams = [...new Set(waiting.map(([stream]) => stream as string as GroupId))];
  const groups = await store.mlsGroups.bulkGet(streams);
  if (groups.includes(undefined)) return false;
  const ids = groups.flatMap((group) => group?.conversationId ?? []);
  const rows = (await store.conversations.bulkGet(ids)).filter((row) => row?.kind !== 'system');
  return rows.length > 0 && rows.every((row) => row?.isMuted === true);
}

/** An entry is dealt with; its bytes go, its outcome stays for the diagnostic until the sweep. */
export async function finishEntries(
  store: Store,
  finished: readonly { readonly row: InboxRow; readonly outcome: string }[],
): Promise<void> {
  const done = finished.filter(({ outcome }) => QUIET.has(outcome));
  await store.inbox.bulkDelete(done.map(({ row }) => [row.streamId, row.seq]));
  await store.inbox.bulkPut(
    finished
      .filter(({ outcome }) => !QUIET.has(outcome))
      .map(({ row, outcome }) =>
        outcome === WAITS
          ? { ...row, status: 'buffered' as const }
          : { ...row, payload: new Uint8Array(), status: 'done' as const, outcome },
      ),
  );
}

/** The one outcome after which an entry is still needed: the commit before it is missing. */
const WAITS = 'FutureEpoch';

/** Outcomes that leave nothing worth keeping. */
const QUIET = new Set(['Applied', 'Duplicate', 'OwnEcho']);

/** Entries of a stream that arrived before the welcome to it wait aside, and come back once it is here. */
export async function setBuffered(store: Store, stream: StreamId, buffered: boolean): Promise<void> {
  await store.inbox
    .where('[streamId+seq]')
    .between([stream, 0], [stream, Infinity])
    .modify((row) => {
      if (row.status !== 'done') row.status = buffered ? 'buffered' : 'new';
    });
}
