import { base64urlFromBytes, type Bytes } from '../core/bytes.ts';
import type { AccountId, ConversationId } from '../core/ids.ts';
import { sha256 } from '../crypto/primitives.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import type { Composer } from './compose.ts';
import { queueIntent } from './queueIntent.ts';

/**
 * Somebody wants to leave: MLS lets nobody remove themselves, so whoever reads their signed note takes
 * on to commit the removal. The first commit wins; for the others nothing is left to do.
 */
export async function queueRelease(
  composer: Composer,
  conversationId: ConversationId,
  account: AccountId,
  note: Bytes,
): Promise<void> {
  const groupId = await groupOfConversation(composer.store, conversationId);
  if (groupId === undefined || account === composer.identity.account) return;
  const id = base64urlFromBytes(sha256(note).slice(0, 16));
  await queueIntent(composer, conversationId, { what: 'release', groupId, account, note }, id);
}
