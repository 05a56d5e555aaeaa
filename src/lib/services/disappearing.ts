import type { ConversationId, GroupId } from '../core/ids.ts';
import { err, refuse, settle, type Result } from '../core/result.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { wishesIn } from '../db/outbox.ts';
import { limits } from '../protocol/limits.ts';
import type { Composer } from '../sync/compose.ts';
import type { Intent } from '../sync/intents.ts';
import { queueIntent } from '../sync/queueIntent.ts';
import { groupTables } from './groups.ts';
import { importedOf } from './imported.ts';
import { groupWithRight } from './membership.ts';

/**
 * How long messages of a conversation stay, in milliseconds after they were sent; 0: they stay. What is there
 * already is left as it is. The others of the group agree to it by its commit; in notes to oneself it holds at once.
 * Refused: `validation`, `not-a-member`, `not-allowed`.
 */
export async function setDisappearing(composer: Composer, id: ConversationId, after: number): Promise<Result<void>> {
  const isLifetime = Number.isSafeInteger(after) && after >= limits.shortestLifetime && after <= limits.longestLifetime;
  if (after !== 0 && !isLifetime) return err({ code: 'validation', retry: 'never' });
  const { store, clock } = composer;
  return settle(
    store.tx('rw', groupTables, async () => {
      const conversation = await store.conversations.get(id);
      if (conversation?.kind === 'system' && importedOf(conversation) === undefined) {
        const { disappearAfter: _before, ...rest } = conversation.metadata ?? {};
        const metadata = after === 0 ? rest : { ...rest, disappearAfter: after };
        await store.conversations.update(id, { metadata, updatedAt: clock.now() });
        return;
      }
      const isDirect = conversation?.kind === 'direct';
      const groupId = isDirect
        ? await pairOf(composer, id)
        : (await groupWithRight(composer, id, 'change-settings')).groupId;
      await queueIntent(composer, id, { what: 'settings', groupId, disappearAfter: after });
    }),
  );
}

/** The group of a direct chat, or the one that is about to be made. */
async function pairOf({ store }: Composer, id: ConversationId): Promise<GroupId> {
  const carrier = await groupOfConversation(store, id);
  if (carrier !== undefined) return carrier;
  const waiting = await wishesIn(store, id);
  const create = waiting.find(({ operationType, status }) => operationType === 'create' && status !== 'failed');
  const groupId = (create?.operationData as Intent | undefined)?.groupId;
  return groupId === undefined ? refuse({ code: 'not-a-member', retry: 'person' }) : (groupId as GroupId);
}
