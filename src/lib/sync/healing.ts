import { base64urlFromBytes, concat, utf8 } from '../core/bytes.ts';
import { bytesFromId, type ConversationId, type GroupId } from '../core/ids.ts';
import { sha256 } from '../crypto/primitives.ts';
import { deleteOwnChains } from '../db/senderKeys.ts';
import { recordSecurityEvent, type Severity } from '../db/security.ts';
import type { RejoinReason } from './intents.ts';
import { queueIntent, queueTables } from './queueIntent.ts';
import type { Composer } from './compose.ts';

/** Tables of {@link queueRejoin}. */
export const healingTables = [...queueTables, 'mlsGroups', 'senderKeys', 'securityEvents'] as const;

/**
 * This device can't follow a group, or must not go on with the keys that it has: it is noted that it has to
 * come back, inside the caller's transaction, once at a time. Where another copy of this device may have used
 * its message keys, they go at once, so that nothing is ever sealed with them again.
 */
export async function queueRejoin(
  composer: Composer,
  conversationId: ConversationId,
  groupId: GroupId,
  why: RejoinReason,
): Promise<void> {
  const { store, identity, clock } = composer;
  if (why === 'copied') {
    await deleteOwnChains(store, groupId, identity.signaturePublic);
    // Nor with what comes of the same state in later epochs, before this device made one of its own.
    if ((await store.mlsGroups.get(groupId)) !== undefined) {
      await store.mlsGroups.update(groupId, { restoredAt: clock.now() });
    }
  }
  const id = rejoinId(groupId);
  if ((await store.offlineOperations.get(id)) !== undefined) return;
  const stored = await store.mlsGroups.get(groupId);
  const isKnown = why === 'forked' && stored?.forkedEpoch === stored?.epoch && stored !== undefined;
  if (!isKnown && why !== 'lost') {
    await recordSecurityEvent(store, {
      eventType: EVENTS[why][0],
      severity: EVENTS[why][1],
      description: why,
      rawData: { groupId },
      at: clock.now(),
    });
    if (stored !== undefined) await store.mlsGroups.update(groupId, { forkedEpoch: stored.epoch });
  }
  await queueIntent(composer, conversationId, { what: 'rejoin', groupId, why }, id);
}

/** Whether this device tried to come back to a group, and nobody let it whom it could believe. */
export const couldNotReturn = async ({ store }: Pick<Composer, 'store'>, groupId: GroupId): Promise<boolean> =>
  (await store.offlineOperations.get(rejoinId(groupId)))?.status === 'failed';

/** One wish to come back for each group. */
const rejoinId = (groupId: GroupId): string =>
  base64urlFromBytes(sha256(concat(utf8('cairn/1 rejoin\0'), bytesFromId(groupId))).slice(0, 16));

const EVENTS: Readonly<Record<Exclude<RejoinReason, 'lost'>, readonly [string, Severity]>> = {
  forked: ['forked', 'critical'],
  copied: ['device-copied', 'high'],
  restored: ['restored', 'low'],
  torn: ['state-torn', 'medium'],
};
