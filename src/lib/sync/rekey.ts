import { groupOfConversation } from '../db/mlsGroups.ts';
import { setStatus } from '../db/messages/status.ts';
import { messageTables } from '../db/messages/whole.ts';
import type { ConversationId, GroupId } from '../core/ids.ts';
import { hasWaitingIntent, recordStale, rekeysByLane } from '../db/outbox.ts';
import { CHAIN_KEPT_MS, newestChainOf } from '../db/senderKeys.ts';
import type { OfflineOperationRow, Store } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import { composeTables, sealOperation } from './compose.ts';
import { heldBy } from './held.ts';
import type { Session } from './session.ts';

/**
 * Seals what waits for it, lane by lane and in order, in each group's present epoch and under the same
 * message ids. So is what was sealed so long ago that the others may have deleted the chain by the time it comes. A lane whose group is not there yet, has a change waiting, or waits for a person to decide
 * about a new device, stays as it is.
 * @returns how many records were sealed.
 */
export async function sealWaiting(session: Session): Promise<number> {
  const { store } = session;
  let sealed = 0;
  const past = await pastByLane(store);
  for (const lane of new Set([...(await rekeysByLane(store)).keys(), ...past])) {
    sealed += await store.tx('rw', [...composeTables, ...messageTables], async () => {
      const groupId = await groupOfConversation(store, lane);
      if (groupId === undefined || (await hasWaitingIntent(store, lane))) return 0;
      if ((await heldBy(session, lane)).length > 0) return 0;
      await recallPast(session, lane, groupId);
      // Read again under the transaction: another tab may have been here.
      const operations = (await rekeysByLane(store)).get(lane) ?? [];
      let count = 0;
      for (const operation of operations) {
        const next = await sealOperation(session, groupId, operation);
        if (next === undefined) break;
        await store.offlineOperations.put(next);
        if (next.messageId !== undefined) await setStatus(store, next.messageId, 'queued');
        count++;
      }
      return count;
    });
  }
  return sealed;
}

/** A record that waits is sealed again once the epoch it is of is over, and it is this old: a quarter of what chains are kept. */
const OLD_MS = CHAIN_KEPT_MS / 4;
const OLD_EPOCHS = limits.epochsBack / 4;

/** @param present the stream's epoch. */
function isPast({ epoch = 0, createdAt }: OfflineOperationRow, present: number, now: number): boolean {
  // A clock that was put back says nothing about how old it is.
  return epoch < present && (present - epoch > OLD_EPOCHS || Math.abs(now - createdAt) > OLD_MS);
}

/** Lanes with sealed records of a group that is further on by now. */
async function pastByLane(store: Store): Promise<ConversationId[]> {
  const waiting = await sealedRecords(store);
  if (waiting.length === 0) return [];
  const streams = new Set(waiting.map(({ streamId }) => streamId as string as GroupId));
  const rows = await store.mlsGroups.bulkGet([...streams]);
  const groups = new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.groupId as string, row] as const])));
  const past = waiting.filter((row) => {
    const group = groups.get(row.streamId ?? '');
    return group !== undefined && isPast(row, group.streamEpoch ?? group.epoch, store.clock.now());
  });
  return [...new Set(past.map(({ lane }) => lane as ConversationId))];
}

/** Where a record of a lane is past, all that are sealed are sealed again, in order. Inside the caller's transaction. */
async function recallPast({ store, identity, clock }: Session, lane: ConversationId, groupId: GroupId): Promise<void> {
  const own = await newestChainOf(store, groupId, identity.signaturePublic);
  if (own === undefined) return;
  const records = (await sealedRecords(store)).filter(
    (row) => row.lane === lane && row.streamId === (groupId as string),
  );
  const present = own.streamEpoch ?? own.epoch;
  if (records.some((row) => isPast(row, present, clock.now()))) await recordStale(store, records);
}

const sealedRecords = async (store: Store): Promise<OfflineOperationRow[]> =>
  (
    await store.offlineOperations
      .where('[status+createdAt]')
      .between(['pending', -Infinity], ['pending', Infinity])
      .toArray()
  ).filter(({ operationType, payload }) => operationType === 'append' && payload !== undefined);
