import { base64urlFromBytes, concat, utf8 } from '../core/bytes.ts';
import { bytesFromId, type DeviceId, type GroupId } from '../core/ids.ts';
import { sha256 } from '../crypto/primitives.ts';
import type { MlsGroupRow } from '../db/store.ts';
import type { Composer } from './compose.ts';
import { queueIntent } from './queueIntent.ts';

/** All devices of an account are in all of its groups, each with a leaf of its own. */

/** Wishes to have every own device in every group, in the caller's transaction. Tables: `mlsGroups` and those of queueIntent. */
export async function queueOwnDevices(composer: Composer): Promise<void> {
  for (const group of await composer.store.mlsGroups.toArray()) await queueOwnDevicesIn(composer, group);
}

/** As {@link queueOwnDevices}, for one group; one that is not made yet is left out. */
export async function queueOwnDevicesIn(
  composer: Composer,
  { groupId, conversationId, epoch }: Pick<MlsGroupRow, 'groupId' | 'conversationId' | 'epoch'>,
): Promise<void> {
  if (epoch === 0) return;
  await queueIntent(composer, conversationId, { what: 'devices', groupId }, wishId(groupId));
}

/** Wishes to have the leaf of a revoked device out of every group, in the caller's transaction. Tables: as {@link queueOwnDevices}. */
export async function queueDeviceRemovals(composer: Composer, device: DeviceId): Promise<void> {
  for (const { groupId, conversationId } of await composer.store.mlsGroups.toArray()) {
    await queueIntent(composer, conversationId, { what: 'revoke', groupId, device });
  }
}

/** One wish of each group. */
const wishId = (groupId: GroupId): string =>
  base64urlFromBytes(sha256(concat(utf8('cairn/1 own devices\0'), bytesFromId(groupId))).slice(0, 16));
