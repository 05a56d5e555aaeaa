import { groupOfConversation } from '../db/mlsGroups.ts';
import { hasWaitingIntent, rekeysByLane } from '../db/outbox.ts';
import { composeTables, sealOperation } from './compose.ts';
import type { Session } from './session.ts';

/**
 * Seals what waits for it, lane by lane and in order, in each group's present epoch and under the same
 * message ids. A lane whose group is not there yet, or has a change waiting, stays as it is.
 * @returns how many records were sealed.
 */
export async function sealWaiting(session: Session): Promise<number> {
  const { store } = session;
  let sealed = 0;
  for (const lane of (await rekeysByLane(store)).keys()) {
    sealed += await store.tx('rw', [...composeTables, 'messages'], async () => {
      const groupId = await groupOfConversation(store, lane);
      if (groupId === undefined || (await hasWaitingIntent(store, lane))) return 0;
      // Read again under the transaction: another tab may have been here.
      const operations = (await rekeysByLane(store)).get(lane) ?? [];
      let count = 0;
      for (const operation of operations) {
        const next = await sealOperation(session, groupId, operation);
        if (next === undefined) break;
        await store.offlineOperations.put(next);
        if (next.messageId !== undefined)
          await store.messages.where('id').equals(next.messageId).modify({ status: 'queued' });
        count++;
      }
      return count;
    });
  }
  return sealed;
}
