import type { GroupId, StreamId } from '../core/ids.ts';
import { nextEntries, setBuffered, streamsWithNews } from '../db/inbox.ts';
import type { InboxRow } from '../db/store.ts';
import { groupLock, processCommitEntry } from './commits.ts';
import { processRecords } from './records.ts';
import type { Session } from './session.ts';
import { processWelcome } from './welcomes.ts';

/** Entries opened in one transaction. */
const BATCH = 256;

export interface ProcessReport {
  readonly welcomes: number;
  readonly entries: number;
}

/**
 * Opens everything in the inbox: the mailbox first, since welcomes lead to the groups; then each
 * stream in its order, records in runs between commits.
 */
export async function processInbox(session: Session): Promise<ProcessReport> {
  const mailbox = session.identity.device as string as StreamId;
  let welcomes = 0;
  let entries = 0;
  for (;;) {
    const streams = await streamsWithNews(session.store);
    if (streams.length === 0) return { welcomes, entries };
    if (streams.includes(mailbox)) {
      for (const row of await nextEntries(session.store, mailbox, BATCH)) {
        await session.locks.run('mailbox', () => processWelcome(session, row));
        welcomes++;
      }
    }
    for (const stream of streams) if (stream !== mailbox) entries += await processStream(session, stream);
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
    await processCommitEntry(session, first);
    return 1;
  }
  const end = rows.findIndex((row) => row.kind === 'commit');
  const run = end < 0 ? rows : rows.slice(0, end);
  await session.locks.run(groupLock(groupId), () => processRun(session, groupId, run));
  return run.length;
}

async function processRun(session: Session, groupId: GroupId, run: readonly InboxRow[]): Promise<void> {
  const { store } = session;
  const still = await store.inbox.bulkGet(run.map((row) => [row.streamId, row.seq]));
  // Another tab may have opened some of them while we waited for the lock.
  const rows = run.filter((_, i) => still[i]?.status === 'new');
  const group = await store.mlsGroups.get(groupId);
  if (rows.length > 0 && group !== undefined) await processRecords(session, group.conversationId, groupId, rows);
}
