import type { GroupId, StreamId } from '../core/ids.ts';
import { isPlea } from '../crypto/mls/index.ts';
import { nextEntries, setBuffered, streamsBuffered, streamsWithGaps, streamsWithNews } from '../db/inbox.ts';
import type { InboxRow } from '../db/store.ts';
import { groupLock } from './groupState.ts';
import { healingTables, queueRejoin } from './healing.ts';
import type { Session } from './session.ts';

/** Entries opened in one transaction. */
const BATCH = 256;

export interface ProcessReport {
  readonly welcomes: number;
  readonly entries: number;
}

/**
 * Opens everything in the inbox: each stream in its order, records in runs between commits, then the
 * mailbox. What belongs to a group that only a welcome leads to waits for it; and whoever was removed and
 * invited again has heard of the removal when the welcome comes.
 */
export async function processInbox(session: Session): Promise<ProcessReport> {
  const mailbox = session.identity.device as string as StreamId;
  let welcomes = 0;
  let entries = 0;
  for (;;) {
    const streams = await streamsWithNews(session.store);
    if (streams.length === 0) {
      const gaps = await streamsWithGaps(session.store);
      if (gaps.length > 0) await (await import('./gaps.ts')).tellGaps(session, gaps);
      await noticeLost(session);
      return { welcomes, entries };
    }
    for (const stream of streams) if (stream !== mailbox) entries += await processStream(session, stream);
    if (streams.includes(mailbox)) {
      // Loaded with the first group that somebody else started.
      const { processWelcome } = await import('./welcomes.ts');
      for (const row of await nextEntries(session.store, mailbox, BATCH)) {
        await session.locks.run('mailbox', () => processWelcome(session, row));
        welcomes++;
      }
    }
  }
}

/**
 * Entries of an epoch that no commit here leads to, with everything read that the relay has: the others
 * followed a commit that this device could not. It has to come back.
 */
async function noticeLost(session: Session): Promise<void> {
  const { store } = session;
  for (const stream of await streamsBuffered(store)) {
    const groupId = stream as string as GroupId;
    await store.tx('rw', [...healingTables], async () => {
      const group = await store.mlsGroups.get(groupId);
      if (group !== undefined) await queueRejoin(session, group.conversationId, groupId, 'lost');
    });
  }
}

/** One batch of a group's stream; entries of a group that we are not in yet wait for their welcome. */
async function processStream(session: Session, stream: StreamId): Promise<number> {
  const { store } = session;
  const groupId = stream as string as GroupId;
  const rows = await nextEntries(store, stream, BATCH);
  const first = rows[0];
  if (first === undefined) return 0;
  if ((await store.mlsGroups.where('groupId').equals(groupId).count()) === 0) {
    await setBuffered(store, stream, true);
    return 0;
  }
  if (first.kind === 'commit') {
    const { processCommitEntry } = await import('./commits.ts');
    await processCommitEntry(session, first);
    return 1;
  }
  if (isPlea(first.payload)) {
    await session.locks.run(groupLock(groupId), () => processPleaOf(session, groupId, first));
    return 1;
  }
  const end = rows.findIndex((row) => row.kind === 'commit' || isPlea(row.payload));
  const run = end < 0 ? rows : rows.slice(0, end);
  await session.locks.run(groupLock(groupId), () => processRun(session, groupId, run));
  return run.length;
}

async function processPleaOf(session: Session, groupId: GroupId, row: InboxRow): Promise<void> {
  const group = await session.store.mlsGroups.get(groupId);
  if (group === undefined) return;
  const { processPlea } = await import('./pleas.ts');
  await processPlea(session, group.conversationId, groupId, row);
}

async function processRun(session: Session, groupId: GroupId, run: readonly InboxRow[]): Promise<void> {
  const { store } = session;
  const still = await store.inbox.bulkGet(run.map((row) => [row.streamId, row.seq]));
  // Another tab may have opened some of them while we waited for the lock.
  const rows = run.filter((_, i) => still[i]?.status === 'new');
  const group = await store.mlsGroups.get(groupId);
  if (rows.length === 0 || group === undefined) return;
  // Loaded with the first that somebody else sent.
  const { processRecords } = await import('./records.ts');
  await processRecords(session, group.conversationId, groupId, rows);
}
