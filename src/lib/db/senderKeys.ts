import { base64urlFromBytes } from '../core/bytes.ts';
import type { GroupId } from '../core/ids.ts';
import type { SenderKeyRow, Store } from './store.ts';

/** Sender chains: one for each device of a group in each epoch (protocol §3). */

/** Chains of old epochs stay this long after the next epoch began, and for this many epochs. */
export const CHAIN_KEPT_MS = 30 * 24 * 3600_000;
export const CHAIN_KEPT_EPOCHS = 32;

/** Adds or replaces one chain. Refused: `constraint` when it would turn the ratchet back. */
export async function saveChain(store: Store, chain: SenderKeyRow): Promise<void> {
  await store.senderKeys.put(chain);
}

/** As {@link saveChain}, all of an epoch in one write. */
export async function saveChains(store: Store, chains: readonly SenderKeyRow[]): Promise<void> {
  await store.senderKeys.bulkPut(chains);
}

/** @param keyId the epoch in decimal. */
export async function loadChain(
  store: Store,
  groupId: GroupId,
  sender: Uint8Array,
  keyId: string,
): Promise<SenderKeyRow | undefined> {
  return store.senderKeys.get([groupId, base64urlFromBytes(sender), keyId]);
}

/** The chain of a leaf in an epoch. */
export async function chainAt(
  store: Store,
  groupId: GroupId,
  epoch: number,
  leaf: number,
): Promise<SenderKeyRow | undefined> {
  return store.senderKeys.where('[groupId+epoch+leaf]').equals([groupId, epoch, leaf]).first();
}

/**
 * The chain of a sender's newest generation, which is the one in use.
 * @param sender MLS signature key of the device.
 */
export async function newestChainOf(
  store: Store,
  groupId: GroupId,
  sender: Uint8Array,
): Promise<SenderKeyRow | undefined> {
  const key = base64urlFromBytes(sender);
  return store.senderKeys
    .where('[groupId+senderPublicKey+epoch]')
    .between([groupId, key, 0], [groupId, key, Infinity])
    .last();
}

/** All chains of a group, oldest epoch first. */
export const listChains = (store: Store, groupId: GroupId): Promise<SenderKeyRow[]> =>
  Promise.resolve(
    store.senderKeys.where('[groupId+epoch+leaf]').between([groupId, 0, 0], [groupId, Infinity, Infinity]).toArray(),
  );

/**
 * Deletes the chains of epochs that ended more than {@link CHAIN_KEPT_MS} ago or lie more than
 * {@link CHAIN_KEPT_EPOCHS} back. Those of the newest epoch always stay.
 * @param now only where the time is known for sure: a clock that is ahead would take what is still to be read.
 * @returns how many chains went.
 */
export async function deleteOldChains(store: Store, groupId: GroupId, now = 0): Promise<number> {
  return store.tx('rw', ['senderKeys'], async () => {
    const keys = await store.senderKeys.where('groupId').equals(groupId).primaryKeys();
    const epochs = [...new Set(keys.map(([, , keyId]) => Number(keyId)))].sort((a, b) => b - a);
    const newest = epochs[0] ?? 0;
    // An epoch ended when the one after it began.
    let endedAt = now;
    const old = new Set<number>();
    for (const epoch of epochs) {
      const { createdAt } = (await store.senderKeys.where('[groupId+epoch]').equals([groupId, epoch]).first()) ?? {};
      // No epoch ended before it began, whatever the clock said when the next one did.
      const age = now - Math.max(endedAt, createdAt ?? 0);
      if (epoch !== newest && (age > CHAIN_KEPT_MS || newest - epoch > CHAIN_KEPT_EPOCHS)) old.add(epoch);
      endedAt = createdAt ?? endedAt;
    }
    const gone = keys.filter(([, , keyId]) => old.has(Number(keyId)));
    await store.senderKeys.bulkDelete(gone);
    return gone.length;
  });
}

/**
 * Deletes every chain that this device seals with in a group: another copy of it may have used them.
 * @param own MLS signature key of this device.
 */
export async function deleteOwnChains(store: Store, groupId: GroupId, own: Uint8Array): Promise<void> {
  const key = base64urlFromBytes(own);
  await store.senderKeys
    .where('[groupId+senderPublicKey+epoch]')
    .between([groupId, key, 0], [groupId, key, Infinity])
    .delete();
}

export async function deleteChainsOfGroup(store: Store, groupId: GroupId): Promise<number> {
  return store.senderKeys.where('groupId').equals(groupId).delete();
}
