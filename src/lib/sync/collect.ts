import type { StreamId } from '../core/ids.ts';
import type { Clock, Locks } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { collectEntries, dropCursorsBeyond, loadCursors } from '../db/inbox.ts';
import type { Store } from '../db/store.ts';
import type { CallFault, RelayClient } from './relayClient.ts';

export interface Collected {
  readonly arrived: number;
  /** Entries behind a gap that were left with the relay: what came before them has to be looked at first. */
  readonly held: number;
  /** The latest time by the relay's clock that came with an entry; 0 where none came. */
  readonly heard: number;
}

/**
 * Fetches everything new and stores it raw, with the cursors, in one transaction an answer. Opens
 * nothing: a locked app collects too.
 *
 * Where a stream of ours skips numbers, either the last entry before the gap put us out of the group and we
 * were let in again later, or the relay withholds something. What is behind the gap stays with the relay for a
 * few more turns; in the first case the group is gone by then, in the second the gap is noted. What the relay
 * says it has no more, because it was too old, is noted too, and reading goes on behind it.
 * @param mailbox the device's own stream.
 */
export function collect(
  store: Store,
  relay: RelayClient,
  mailbox: StreamId,
  locks: Locks,
  clock: Clock,
): Promise<Result<Collected, CallFault>> {
  return locks.run('collect', async () => {
    let arrived = 0;
    let heard = 0;
    for (let resets = 0; ;) {
      const cursors = await loadCursors(store);
      const answer = await relay.catchUp({ cursors: Object.fromEntries(cursors) });
      if (!answer.ok) return answer;
      const { entries, more, ends, trimmed } = answer.value;
      // Once: a relay that says so again and again would keep us here for ever.
      const isReset: boolean = ends !== undefined && resets++ === 0 && (await dropCursorsBeyond(store, ends)) > 0;
      const receivedAt = clock.now();
      const rows = entries.map(({ stream, ...entry }) => ({
        ...entry,
        streamId: stream,
        receivedAt,
        status: 'new' as const,
      }));
      const taken = await collectEntries(store, rows, await ownStreams(store, mailbox), receivedAt, trimmed);
      arrived += taken;
      for (const { at } of entries) heard = Math.max(heard, at);
      // So would one that promises more but moved nothing.
      if (!isReset && (!more || taken === 0)) return ok({ arrived, held: entries.length - taken, heard });
    }
  });
}

/** Streams that must have no gap: the mailbox, and those of the groups that we are in. */
async function ownStreams(store: Store, mailbox: StreamId): Promise<ReadonlySet<string>> {
  return new Set<string>([mailbox, ...(await store.mlsGroups.toCollection().primaryKeys())]);
}
