import { clamp, compareStamps, observe, sortKeyOf, stampOf, type Stamp } from '../core/clock.ts';
import type { AccountId, ConversationId, DeviceId, GroupId, MessageId } from '../core/ids.ts';
import { finishEntries } from '../db/inbox.ts';
import { addReceived, knownMessages } from '../db/messages.ts';
import { recordReceipts } from '../db/receipts.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { InboxRow, MessageRow } from '../db/store.ts';
import { compose, composeTables, newMessageId, nextSortKey } from './compose.ts';
import { contentFromBytes, type Content } from './content.ts';
import { queueRelease } from './leaving.ts';
import { authenticateBatch, openBatch, type Opened } from './opening.ts';
import { outcomeOfFault, type Outcome } from './outcomes.ts';
import type { Session } from './session.ts';

/** Tables of {@link processRecords}. */
export const recordTables = [
  ...composeTables,
  'inbox',
  'messages',
  'conversations',
  'messageReadReceipts',
  'groupMembers',
  'users',
  'devices',
  'relayLogin',
] as const;

/**
 * Opens sealed records of one group, in the order of the log, and stores what they say: message keys
 * consumed, chains moved on, plaintext sealed at rest, entries done, all in one transaction.
 */
export async function processRecords(
  session: Session,
  conversationId: ConversationId,
  groupId: GroupId,
  rows: readonly InboxRow[],
): Promise<void> {
  const batch = await authenticateBatch(session, groupId, rows);
  await session.store.tx('rw', recordTables, async () => {
    const { outcomes } = batch;
    const opened = await openBatch(session, batch);
    const fresh = await applyAll(session, conversationId, opened, outcomes);
    await finishEntries(
      session.store,
      rows.map((row) => ({ row, outcome: outcomes.get(row) ?? 'Malformed' })),
    );
    if (fresh.length > 0) await acknowledge(session, conversationId, fresh);
  });
}

/** Stores what the opened records say. @returns the ids of the messages that were new. */
async function applyAll(
  session: Session,
  conversationId: ConversationId,
  opened: readonly Opened[],
  outcomes: Map<InboxRow, Outcome>,
): Promise<MessageId[]> {
  const { store, clock } = session;
  const now = clock.now();
  const known = await knownMessages(
    store,
    opened.map(({ record }) => record.messageId),
  );
  const messages: MessageRow[] = [];
  let newest: Stamp | undefined;
  for (const { row, sender, record } of opened) {
    const content = contentFromBytes(record.plaintext);
    if (!content.ok) {
      outcomes.set(row, outcomeOfFault(content.error.code));
      continue;
    }
    if (content.value.k === 'text') {
      const stamp = stampOf(content.value.s);
      if (stamp === undefined || !content.value.s.endsWith(`-${sender.deviceId}`)) {
        outcomes.set(row, 'Malformed');
        continue;
      }
      if (known.has(record.messageId)) {
        outcomes.set(row, 'Duplicate');
        continue;
      }
      known.add(record.messageId);
      messages.push(messageFrom(conversationId, sender, record.messageId, content.value, stamp, now));
      if (newest === undefined || compareStamps(stamp, newest) > 0) newest = stamp;
    } else if (content.value.k === 'receipt') {
      await recordReceipts(
        store,
        conversationId,
        sender.accountId,
        { delivered: content.value.d, read: content.value.r },
        now,
      );
    } else {
      await queueRelease(session, conversationId, sender.accountId, content.value.n);
    }
    outcomes.set(row, 'Applied');
  }
  const stored = await addReceived(store, conversationId, messages, now);
  if (newest !== undefined) {
    const last = (await getSetting<Stamp>(store, 'clock')) ?? { ms: 0, count: 0 };
    await setSetting(store, 'clock', observe(last, newest, now), now);
  }
  return stored;
}

function messageFrom(
  conversationId: ConversationId,
  sender: { readonly accountId: AccountId; readonly deviceId: DeviceId },
  id: MessageId,
  content: Extract<Content, { k: 'text' }>,
  stamp: Stamp,
  now: number,
): MessageRow {
  const bounded = clamp(stamp, now);
  return {
    id,
    conversationId,
    senderId: sender.accountId,
    deviceId: sender.deviceId,
    type: 'text',
    content: content.t,
    isOutgoing: false,
    isEncrypted: true,
    status: 'delivered',
    sortKey: bounded.clamped ? sortKeyOf(bounded.stamp, sender.deviceId) : content.s,
    timestamp: bounded.stamp.ms,
    isDeleted: false,
    createdAt: now,
    updatedAt: now,
    ...(bounded.clamped ? { metadata: { clamped: true } } : {}),
  };
}

/** Tells the senders that their messages are on this device, in the transaction that put them there. */
async function acknowledge(session: Session, conversationId: ConversationId, ids: readonly MessageId[]): Promise<void> {
  const { sortKey } = await nextSortKey(session);
  const id = newMessageId(session.random);
  await compose(session, conversationId, { k: 'receipt', d: [...ids], r: [] }, { id, sortKey, isMessage: false });
}
