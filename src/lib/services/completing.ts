import type { GroupId } from '../core/ids.ts';
import { listDevices } from '../db/devices.ts';
import { settleStorage } from '../db/faults.ts';
import type { MlsGroupRow } from '../db/store.ts';
import type { Engine } from '../sync/engine.ts';
import { queueOwnDevicesIn } from '../sync/ownDevices.ts';
import { queueTables } from '../sync/queueIntent.ts';
import type { Session } from '../sync/session.ts';

/**
 * Sees to it, for as long as the vault is open, that all devices of the account are in every group that this one
 * is in: also in those that somebody made who did not know of all of them. Each epoch is looked at once.
 * @returns what ends it.
 */
export function keepComplete(session: Session, engine: Pick<Engine, 'poke'>): () => void {
  const { store, identity, logger } = session;
  const looked = new Map<GroupId, number>();

  const fresh = async (): Promise<readonly MlsGroupRow[]> => {
    const own = await listDevices(store, identity.account, 'active');
    if (own.length < 2) return [];
    const groups = await store.mlsGroups.toArray();
    return groups.filter(({ groupId, epoch }) => epoch > 0 && looked.get(groupId) !== epoch);
  };
  const complete = async (groups: readonly MlsGroupRow[]): Promise<void> => {
    const own = await listDevices(store, identity.account, 'active');
    for (const group of groups) {
      const { groupId, epoch } = group;
      looked.set(groupId, epoch);
      const chains = await store.senderKeys.where('[groupId+epoch]').equals([groupId, epoch]).toArray();
      const present = new Set(chains.map(({ deviceId }) => deviceId));
      if (own.every(({ id }) => present.has(id))) continue;
      await store.tx('rw', queueTables, () => queueOwnDevicesIn(session, group));
      engine.poke();
    }
  };

  return store.live(fresh, (groups) => {
    if (groups.length === 0) return;
    void settleStorage(() => complete(groups)).then((done) => {
      if (!done.ok) logger.log('warn', 'completing-failed', { code: done.error.code });
    });
  });
}
