import type { AccountId, StreamId } from '../core/ids.ts';
import { dataOf, groupFromBytes } from '../crypto/mls/index.ts';
import { expectGap, finishEntries, setBuffered } from '../db/inbox.ts';
import { recordSecurityEvent } from '../db/security.ts';
import type { InboxRow, MlsGroupRow } from '../db/store.ts';
import type { GroupData } from '../domain/groupData.ts';
import { announce, announceTables } from './announce.ts';
import { tellDeviceChanges } from './deviceChanges.ts';
import { enterEpoch, epochTables, own, storeEpoch } from './epochs.ts';
import type { NoticeFacts } from './notices.ts';
import type { Session } from './session.ts';
import type { Staged } from './staged.ts';

const adoptTables = [...epochTables, ...announceTables, 'inbox', 'cursors'] as const;

/**
 * Makes our own commit, which the relay has taken, the state of the group; its operation is over.
 * @param echo the commit as it came back in the log.
 */
export async function adopt(session: Session, stored: MlsGroupRow, staged: Staged, echo?: InboxRow): Promise<void> {
  const { store, identity, clock } = session;
  const next = groupFromBytes(staged.next, identity);
  if (!next.ok) throw new Error('a staged state does not decode');
  const now = clock.now();
  const entry = await enterEpoch(next.value, echo?.at ?? now);
  const changes = await changesOf(session, stored, staged, entry.data);
  const streamEpoch = (echo?.epoch ?? stored.streamEpoch ?? staged.epoch) + 1;
  const refused = stored.refusedEpoch === undefined ? {} : { refused: stored.refusedEpoch };
  await store.tx('rw', adoptTables, async () => {
    const place = { ...stored, ...own(session), ...refused, streamEpoch, renewedAt: now };
    const devices = await storeEpoch(store, entry, place, now);
    if (staged.through !== undefined) await settleIn(session, stored);
    await announce(session, stored.conversationId, entry.data.kind, changes);
    await tellDeviceChanges(session, stored.conversationId, devices);
    await store.offlineOperations.delete(staged.intent);
    await setBuffered(store, stored.groupId as string as StreamId, false);
    if (staged.isReturn === true) {
      const event = { eventType: 'healed', severity: 'low', description: '', at: now } as const;
      await recordSecurityEvent(store, { ...event, rawData: { groupId: stored.groupId } });
    }
    if (echo !== undefined) await finishEntries(store, [{ row: echo, outcome: 'Applied' }]);
  });
}

/** Came in by a link: what the log has is not all there ever was, and who left is back. */
async function settleIn({ store }: Session, { groupId, conversationId }: MlsGroupRow): Promise<void> {
  const { leaving: _was, ...metadata } = (await store.conversations.get(conversationId))?.metadata ?? {};
  await store.conversations.update(conversationId, { metadata });
  await expectGap(store, groupId as string as StreamId);
}

async function changesOf(
  session: Session,
  stored: MlsGroupRow,
  staged: Staged,
  after: GroupData,
): Promise<readonly NoticeFacts[]> {
  const self: AccountId = session.identity.account;
  if (staged.isReturn === true) return [{ what: 'returned', who: [self] }];
  if (staged.through !== undefined) return [{ what: 'arrived', who: [self] }];
  // Who makes a group has said so already.
  if (stored.epoch === 0) return [];
  const before = groupFromBytes(stored.state, session.identity);
  if (!before.ok) return [];
  const { groupChanges } = await import('../domain/groupChanges.ts');
  return groupChanges(dataOf(before.value), after, self, staged.leaving);
}
