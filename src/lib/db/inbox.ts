import type { StreamId } from '../core/ids.ts';
import type { InboxRow, Store } from './store.ts';

/** Entries as the relay handed them out, kept until the unlocked app has processed them. */

/** Where each stream was read up to. */
export async function loadCursors(store: Store): Promise<Map<StreamId, number>> {
  return new Map((await store.cursors.toArray()).map((row) => [row.streamId, row.seq]));
}

/** Stores new entries and moves the cursors, together. Entries behind a cursor are left out; cursors never go back. */
export async function collectEntries(store: Store, entries: readonly InboxRow[], now: number): Promise<void> {
  await store.tx('rw', ['inbox', 'cursors'], async () => {
    const cursors = await loadCursors(store);
    const fresh = entries.filter((entry) => entry.seq > (cursors.get(entry.streamId) ?? 0));
    for (const entry of fresh) {
      if (entry.seq > (cursors.get(entry.streamId) ?? 0)) cursors.set(entry.streamId, entry.seq);
    }
    await store.inbox.bulkPut(fresh);
    const moved = new Set(fresh.map((entry) => entry.streamId));
    await store.cursors.bulkPut(
      [...moved].map((streamId) => ({ streamId, seq: cursors.get(streamId) ?? 0, updatedAt: now })),
    );
  });
}

/** Streams that have entries to process. */
export async function streamsWithNews(store: Store): Promise<StreamId[]> {
  const keys = await store.inbox.where('status').equals('new').primaryKeys();
  return [...new Set(keys.map(([stream]) => stream))];
}

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
