import type { AccountId, ConversationId } from '../core/ids.ts';
import { unreviewedDevices } from '../db/devices.ts';
import type { Store } from '../db/store.ts';
import { getUser } from '../db/users.ts';
import type { Identity } from './identity.ts';

/** Tables of {@link heldBy}. */
export const heldTables = ['devices', 'users', 'conversations', 'groupMembers'] as const;

/**
 * Whose new devices keep this conversation's messages here until a person decides; nobody's where the
 * person has switched that off.
 */
export async function heldBy(
  { store, identity }: { readonly store: Store; readonly identity: Identity },
  conversationId: ConversationId,
): Promise<AccountId[]> {
  if ((await store.devices.where('isUnreviewed').equals(1).count()) === 0) return [];
  const { securitySettings } = (await getUser(store, identity.account)) ?? {};
  if (securitySettings?.blockOnIdentityChange === false) return [];
  const conversation = await store.conversations.get(conversationId);
  const members =
    conversation?.groupId === undefined
      ? [conversation?.contactId]
      : (await store.groupMembers.where('groupId').equals(conversation.groupId).toArray()).map((row) => row.memberId);
  const accounts = members.filter((account) => account !== undefined);
  return [...new Set((await unreviewedDevices(store, accounts)).map(({ userId }) => userId))];
}
