import type { ConversationId, GroupId } from '../core/ids.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { hasWaitingIntent, outboxTables, recordFailed, rekeysByLane } from '../db/outbox.ts';
import { couldNotReturn, healingTables, queueRejoin } from './healing.ts';
import type { OfflineOperationRow } from '../db/store.ts';
import type { Intent } from './intents.ts';
import type { Session } from './session.ts';

/**
 * Looks after records that still have to be sealed at the end of a pass. Where there is no group any more and
 * none is about to be, they fail, and the person decides. Where the relay goes on calling them stale with
 * nothing newer to be had, this device has missed a commit: it has to come back to the group.
 * @param isOutrun whether the relay just refused records as stale.
 * @returns whether something was queued.
 */
export async function settleStranded(session: Session, isOutrun: boolean): Promise<boolean> {
  const { store } = session;
  let queued = false;
  for (const lane of (await rekeysByLane(store)).keys()) {
    await store.tx('rw', [...healingTables, ...outboxTables], async () => {
      const operations = (await rekeysByLane(store)).get(lane) ?? [];
      if (operations.length === 0 || (await hasWaitingIntent(store, lane))) return;
      const groupId = await groupOfConversation(store, lane);
      if (groupId === undefined) {
        for (const operation of operations) await recordFailed(store, operation, 'not-a-member');
      } else if (isOutrun) {
        await queueRejoin(session, lane, groupId, 'lost');
        queued = true;
      }
    });
  }
  return queued;
}

/**
 * A change that the relay refuses because another came first, though it has no other to show: the group is not
 * where this device believes it to be. It comes back; where it could not, the person decides.
 */
export async function settleOutrun(session: Session, { id, lane, operationData }: OfflineOperationRow): Promise<void> {
  const { store } = session;
  const groupId = (operationData as Intent).groupId as GroupId;
  await store.tx('rw', [...healingTables, ...outboxTables], async () => {
    const operation = await store.offlineOperations.get(id);
    if (operation === undefined || (await store.mlsGroups.get(groupId)) === undefined) return;
    if (await couldNotReturn(session, groupId)) await recordFailed(store, operation, 'state-doubted');
    else await queueRejoin(session, lane as ConversationId, groupId, 'lost');
  });
}

/**
 * Where the relay takes nothing from this device any more for a group that it is in as far as it knows, it missed
 * that it was removed, or how the group went on without it: it comes back, or finds that it is out.
 * @returns whether something was queued.
 */
export async function settleShutOut(session: Session): Promise<boolean> {
  const { store } = session;
  const failed = await store.offlineOperations
    .where('[status+createdAt]')
    .between(['failed', -Infinity], ['failed', Infinity])
    .toArray();
  const refused = failed.filter((row) => row.operationType === 'append' && row.errorMessage === 'forbidden');
  let queued = false;
  for (const lane of new Set(refused.map((row) => row.lane as ConversationId))) {
    await store.tx('rw', [...healingTables, ...outboxTables], async () => {
      const groupId = await groupOfConversation(store, lane);
      if (groupId === undefined || (await hasWaitingIntent(store, lane))) return;
      if (await couldNotReturn(session, groupId)) return;
      await queueRejoin(session, lane, groupId, 'lost');
      queued = true;
    });
  }
  return queued;
}
