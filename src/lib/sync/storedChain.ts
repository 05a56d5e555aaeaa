import { chainFromBytes, type SenderChain } from '../crypto/senderKey/chain.ts';
import type { SenderKeyRow } from '../db/store.ts';

/** The chain in a row. Sealed and opened by us under authentication: bytes that do not decode were never written by us. */
export function chainOf(row: SenderKeyRow): SenderChain {
  const chain = chainFromBytes(row.chainKey);
  if (!chain.ok) throw new Error('a stored sender chain does not decode');
  return chain.value;
}
