import type { StreamId } from '../core/ids.ts';
import type { Clock, Locks } from '../core/ports.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { collectEntries, loadCursors } from '../db/inbox.ts';
import type { Store } from '../db/store.ts';
import type { Entry } from '../protocol/requests.ts';
import type { CallFault, RelayClient } from './relayClient.ts';

/** The relay's answer skips entries: it lost or withholds some. */
type GapFault = Fault<'gap'>;

/**
 * Fetches everything new and stores it raw, with the cursors, in one transaction an answer. Opens
 * nothing: a locked app collects too.
 * @param mailbox the device's own stream.
 * @returns how many entries arrived.
 */
export function collect(
  store: Store,
  relay: RelayClient,
  mailbox: StreamId,
  locks: Locks,
  clock: Clock,
): Promise<Result<number, CallFault | GapFault>> {
  return locks.run('collect', async () => {
    let total = 0;
    for (;;) {
      const cursors = await loadCursors(store);
      const answer = await relay.catchUp({ cursors: Object.fromEntries(cursors) });
      if (!answer.ok) return answer;
      const { entries, more } = answer.value;
      const gap = firstGap(entries, cursors, await ownStreams(store, mailbox));
      if (gap !== undefined) return err({ code: 'gap', retry: 'after-sync', detail: gap });
      const receivedAt = clock.now();
      await collectEntries(
        store,
        entries.map((entry) => ({
          streamId: entry.stream,
          seq: entry.seq,
          kind: entry.kind,
          id: entry.id,
          epoch: entry.epoch,
          sender: entry.sender,
          at: entry.at,
          payload: entry.payload,
          receivedAt,
          status: 'new' as const,
        })),
        receivedAt,
      );
      total += entries.length;
      // An answer that promises more but moved nothing would keep us here for ever.
      if (!more || entries.length === 0) return ok(total);
    }
  });
}

/** Streams that must have no gap: the mailbox, and those of the groups that we are in. */
async function ownStreams(store: Store, mailbox: StreamId): Promise<ReadonlySet<string>> {
  return new Set<string>([mailbox, ...(await store.mlsGroups.toCollection().primaryKeys())]);
}

/**
 * The first entry that does not follow the one before it. A stream new to us starts where we were let in,
 * and so does that of a group that we had left.
 */
function firstGap(
  entries: readonly Entry[],
  cursors: ReadonlyMap<StreamId, number>,
  own: ReadonlySet<string>,
): string | undefined {
  const heads = new Map([...cursors].filter(([stream]) => own.has(stream)));
  for (const { stream, seq } of entries) {
    const head = heads.get(stream);
    if (head !== undefined && seq !== head + 1) return `${head} is followed by ${seq}`;
    heads.set(stream, seq);
  }
  return undefined;
}
