import { base64urlFromBytes, hexFromBytes } from '../core/bytes.ts';
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
 * @returns how many chains went.
 */
export async function deleteOldChains(store: Store, groupId: GroupId, now: number): Promise<number> {
  return store.tx('rw', ['senderKeys'], async () => {
    const keys = await store.senderKeys.where('groupId').equals(groupId).primaryKeys();
    const epochs = [...new Set(keys.map(([, , keyId]) => Number(keyId)))].sort((a, b) => b - a);
    const newest = epochs[0] ?? 0;
    // An epoch ended when the one after it began.
    let endedAt = now;
    const old = new Set<number>();
    for (const epoch of epochs) {
      if (epoch !== newest && (now - endedAt > CHAIN_KEPT_MS || newest - epoch > CHAIN_KEPT_EPOCHS)) old.add(epoch);
      const first = await store.senderKeys.where('[groupId+epoch]').equals([groupId, epoch]).first();
      endedAt = first?.createdAt ?? endedAt;
    }
    const gone = keys.filter(([, , keyId]) => old.has(Number(keyId)));
    await store.senderKeys.bulkDelete(gone);
    return gone.length;
  });
}

export async function deleteChainsOfGroup(store: Store, groupId: GroupId): Promise<number> {
  return store.senderKeys.where('groupId').equals(groupId).delete();
}

/** A chain without its secrets, as plain JSON: bytes in hex. */
export const dictFromChain = (chain: SenderKeyRow): Record<string, string | number> => ({
  groupId: chain.groupId,
  senderPublicKey: chain.senderPublicKey,
  keyId: chain.keyId,
  iteration: chain.iteration,
  signaturePublic: hexFromBytes(chain.signaturePublic),
  epoch: chain.epoch,
  leaf: chain.leaf,
  createdAt: chain.createdAt,
  updatedAt: chain.updatedAt,
});
