import { base64urlFromBytes } from '../core/bytes.ts';
import type { GroupId } from '../core/ids.ts';
import type { SenderKeyRow, Store } from './store.ts';

/** Sender chains, one row for each sender's device in each epoch of a group. All inside the caller's transaction. */

/** The chain of the newest epoch in which this key was a sender's: the one in use. */
export function newestChainOf(
  store: Store,
  groupId: GroupId,
  signaturePublic: Uint8Array,
): Promise<SenderKeyRow | undefined> {
  const sender = base64urlFromBytes(signaturePublic);
  return store.senderKeys
    .where('[groupId+senderPublicKey+epoch]')
    .between([groupId, sender, 0], [groupId, sender, Infinity])
    .last();
}

/** The chain of one leaf in one epoch. */
export function chainAt(store: Store, groupId: GroupId, epoch: number, leaf: number): Promise<SenderKeyRow | undefined> {
  return store.senderKeys.where('[groupId+epoch+leaf]').equals([groupId, epoch, leaf]).first();
}

/** Stores a chain over the one before it, if any. */
export async function saveChain(store: Store, row: SenderKeyRow): Promise<void> {
  await store.senderKeys.put(row);
}

/** Stores all chains of a new epoch. */
export async function saveChains(store: Store, rows: readonly SenderKeyRow[]): Promise<void> {
  await store.senderKeys.bulkPut(rows);
}
