import { base64urlFromBytes, concat, utf8 } from '../core/bytes.ts';
import { bytesFromId, type GroupId } from '../core/ids.ts';
import { chainToBytes, pruneSkipped } from '../crypto/senderKey/chain.ts';
import { sha256 } from '../crypto/primitives.ts';
import { wishesIn } from '../db/outbox.ts';
import { deleteOldChains, listChains, newestChainOf, saveChain } from '../db/senderKeys.ts';
import type { MlsGroupRow } from '../db/store.ts';
import { healingTables, queueRejoin } from './healing.ts';
import { chainOf } from './storedChain.ts';
import { queueIntent, queueTables } from './queueIntent.ts';
import type { Session } from './session.ts';

/** A leaf gets new keys this long after it got its last, or after so many records of one chain (protocol §8). */
export const ROTATE_AFTER_MS = 7 * 24 * 3600_000;
export const ROTATE_AFTER_RECORDS = 1_000;

/**
 * What has to be done for groups as time passes: devices that were restored come back, leaves get new keys,
 * and keys that are old go, so that nothing that was read can be derived from this device again.
 * @param past a time that is past by every clock: what others sealed a moment ago must not go as old.
 */
export async function upkeep(session: Session, past: number): Promise<void> {
  const { store } = session;
  for (const groupId of await store.mlsGroups.toCollection().primaryKeys()) {
    const row = await store.mlsGroups.get(groupId);
    if (row === undefined) continue;
    if (row.restoredAt !== undefined) {
      await store.tx('rw', healingTables, () => queueRejoin(session, row.conversationId, groupId, 'restored'));
    } else if (await isRotationDue(session, row)) {
      const chore = { what: 'rotate', groupId } as const;
      await store.tx('rw', queueTables, () => queueIntent(session, row.conversationId, chore, rotationId(groupId)));
    }
    await forgetOldKeys(session, groupId, past);
  }
}

async function isRotationDue({ store, identity, clock }: Session, row: MlsGroupRow): Promise<boolean> {
  const lane = await wishesIn(store, row.conversationId);
  // Who leaves changes no keys: the note that says so holds only for the leaf as it is.
  if (lane.some(({ operationType }) => operationType === 'leave' || operationType === 'rejoin')) return false;
  if (clock.now() - (row.renewedAt ?? 0) >= ROTATE_AFTER_MS) return true;
  const own = await newestChainOf(store, row.groupId, identity.signaturePublic);
  return (own?.iteration ?? 0) >= ROTATE_AFTER_RECORDS;
}

/** One wish for new keys of each group. */
const rotationId = (groupId: GroupId): string =>
  base64urlFromBytes(sha256(concat(utf8('cairn/1 rotate\0'), bytesFromId(groupId))).slice(0, 16));

async function forgetOldKeys({ store }: Session, groupId: GroupId, now: number): Promise<void> {
  await deleteOldChains(store, groupId, now);
  await store.tx('rw', ['senderKeys'], async () => {
    for (const row of await listChains(store, groupId)) {
      const chain = chainOf(row);
      const next = pruneSkipped(chain, now);
      if (next !== chain) await saveChain(store, { ...row, chainKey: chainToBytes(next), updatedAt: now });
    }
  });
}
