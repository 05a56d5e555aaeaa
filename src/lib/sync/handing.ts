import type { DeviceId, GroupId, MessageId, StreamId } from '../core/ids.ts';
import { appendsByLane } from '../db/outbox.ts';
import type { InboxRow, OfflineOperationRow } from '../db/store.ts';
import type { NearbyMessage } from '../protocol/nearby.ts';
import { groupLock } from './groupState.ts';
import { processRecords } from './records.ts';
import type { Session } from './session.ts';

/**
 * Records from hand to hand: what waits for the relay goes straight to a member's device that is near. It goes
 * on waiting, since the others are not here; whoever has it by hand drops it when the relay brings it again.
 */

type Records = Extract<NearbyMessage, { k: 'records' }>;

/** Bytes of payloads in one message; the first record always fits. */
const MOST_BYTES = 512 * 1024;
const MOST_RECORDS = 128;

/** Records that wait here and that a device may read: it has a leaf in their group and epoch. */
export async function recordsFor(
  { store }: Session,
  device: Peer,
  isGiven: (id: string) => boolean,
): Promise<{ readonly message: Records; readonly operations: readonly OfflineOperationRow[] }[]> {
  const known = new Map<string, boolean>();
  const mayRead = async (group: StreamId, epoch: number): Promise<boolean> => {
    const key = `${group} ${epoch}`;
    const found = known.get(key) ?? (await hasLeaf(store, group as string as GroupId, epoch, device));
    known.set(key, found);
    return found;
  };
  const runs: { message: Records; operations: OfflineOperationRow[]; bytes: number }[] = [];
  for (const operations of (await appendsByLane(store, Infinity)).values()) {
    for (const operation of operations) {
      const { id, streamId: group, payload } = operation;
      const epoch = operation.epoch ?? 0;
      if (isGiven(id) || group === undefined || payload === undefined || !(await mayRead(group, epoch))) continue;
      let run = runs.at(-1);
      const isFull =
        run !== undefined && (run.operations.length === MOST_RECORDS || run.bytes + payload.length > MOST_BYTES);
      if (run === undefined || run.message.group !== group || isFull) {
        run = { message: { k: 'records', group, entries: [] }, operations: [], bytes: 0 };
        runs.push(run);
      }
      run.message.entries.push({ id, epoch, payload });
      run.operations.push(operation);
      run.bytes += payload.length;
    }
  }
  return runs;
}

/** Who is at the other end. */
export interface Peer {
  readonly device: DeviceId;
  /** MLS signature key. */
  readonly signatureKey: Uint8Array;
}

async function hasLeaf(
  store: Session['store'],
  groupId: GroupId,
  epoch: number,
  { device, signatureKey }: Peer,
): Promise<boolean> {
  const chains = await store.senderKeys.where('[groupId+epoch]').equals([groupId, epoch]).toArray();
  return chains.some(
    (chain) =>
      chain.deviceId === device &&
      chain.signaturePublic.length === signatureKey.length &&
      chain.signaturePublic.every((byte, i) => byte === signatureKey[i]),
  );
}

/** Whether this device and the other have a group in common. */
export async function sharesGroup(session: Session, peer: Peer): Promise<boolean> {
  for (const { groupId, epoch } of await session.store.mlsGroups.toArray()) {
    if (await hasLeaf(session.store, groupId, epoch, peer)) return true;
  }
  return false;
}

/**
 * Opens records that came by hand, as if the relay had brought them. What does not open now is left to the
 * relay, which brings it with what is missing.
 * @returns ids of the messages that were new.
 */
export async function takeRecords(
  session: Session,
  { device }: Peer,
  { group, entries }: Records,
): Promise<readonly MessageId[]> {
  const { store, locks, clock } = session;
  const groupId = group as string as GroupId;
  const now = clock.now();
  return locks.run(groupLock(groupId), async () => {
    const here = await store.mlsGroups.get(groupId);
    if (here === undefined) return [];
    const rows = entries
      .filter(({ epoch }) => epoch <= here.epoch)
      .map(({ id, epoch, payload }): InboxRow => {
        const row = { streamId: group, seq: 0, kind: 'record', id, epoch, sender: device, at: now } as const;
        return { ...row, payload, receivedAt: now, status: 'new' };
      });
    return rows.length === 0 ? [] : processRecords(session, here.conversationId, groupId, rows, 'hand');
  });
}
