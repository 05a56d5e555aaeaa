import { notesConversationId } from '../crypto/identity.ts';
import type { GroupId, StreamId } from '../core/ids.ts';
import { takeGap } from '../db/inbox.ts';
import { recordSecurityEvent } from '../db/security.ts';
import { healingTables, queueRejoin } from './healing.ts';
import { addNotice, noticeTables } from './notices.ts';
import type { Session } from './session.ts';

const gapTables = [...healingTables, ...noticeTables, 'cursors'] as const;

/**
 * Entries of these streams never came. Where the relay skipped them, the person is told that it did. Where it
 * says that they were too old to be kept, this stands in the conversation, and the device asks whether it still
 * follows the group: among what is gone may have been commits, or its own removal.
 */
export async function tellGaps(session: Session, streams: readonly StreamId[]): Promise<void> {
  const { store, clock, identity } = session;
  await store.tx('rw', gapTables, async () => {
    for (const stream of streams) {
      const gap = await takeGap(store, stream);
      const groupId = stream as string as GroupId;
      const group = await store.mlsGroups.get(groupId);
      const isMailbox = (stream as string) === identity.device;
      if (gap.missingFrom !== undefined || (gap.trimmedFrom !== undefined && isMailbox)) {
        const event = { eventType: 'entries-missing', severity: 'medium', description: '', at: clock.now() } as const;
        await recordSecurityEvent(store, { ...event, rawData: { streamId: stream } });
      }
      if (gap.trimmedFrom === undefined || group === undefined) continue;
      const { conversationId } = group;
      // What own devices tell each other is no conversation.
      if (conversationId !== notesConversationId(identity.account))
        await addNotice(session, conversationId, { what: 'missed', who: [identity.account] });
      await queueRejoin(session, conversationId, groupId, 'lost');
    }
  });
}
