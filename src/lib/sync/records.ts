import type { AccountId, ConversationId, GroupId, MessageId } from '../core/ids.ts';
import { finishEntries } from '../db/inbox.ts';
import { readyForText } from '../db/messages/bodies.ts';
import type { InboxRow, MessageRow } from '../db/store.ts';
import { may, type Role } from '../domain/roles.ts';
import { askAgain, saidIn } from './asking.ts';
import { applyContents, contentTables, type Received } from './contents.ts';
import type { Said } from './content.ts';
import { healingTables, queueRejoin } from './healing.ts';
import { putAside } from './later.ts';
import { authenticateBatch, openBatch, type Opened } from './opening.ts';
import { outcomeOfFault, type Outcome } from './outcomes.ts';
import { composeReceipts } from './receipts.ts';
import type { Session } from './session.ts';

/** Tables of {@link processRecords}. */
export const recordTables = [...contentTables, ...healingTables, 'groups', 'contacts', 'inbox'] as const;

/**
 * Opens sealed records of one group, in the order of the log, and stores what they say: message keys
 * consumed, chains moved on, plaintext sealed at rest, entries done, all in one transaction.
 * @param from by `hand` they are no entries of the inbox, and what does not open in them says nothing about the group.
 * @returns ids of the messages that were new.
 */
export async function processRecords(
  session: Session,
  conversationId: ConversationId,
  groupId: GroupId,
  rows: readonly InboxRow[],
  from: 'relay' | 'hand' = 'relay',
): Promise<readonly MessageId[]> {
  const batch = await authenticateBatch(session, groupId, rows);
  await readyForText(Math.max(...rows.map((row) => row.payload.length)));
  return session.store.tx('rw', recordTables, async () => {
    const { outcomes } = batch;
    const opened = await openBatch(session, batch);
    const fresh = await applyAll(session, conversationId, opened, outcomes);
    await composeReceipts(session, conversationId, 'd', fresh.others);
    if (from === 'hand') return fresh.all;
    await finishEntries(
      session.store,
      rows.map((row) => ({ row, outcome: outcomes.get(row) ?? 'Malformed' })),
    );
    const found = new Set(outcomes.values());
    if (found.has('Forked')) await queueRejoin(session, conversationId, groupId, 'forked');
    if (found.has('StateTorn')) await queueRejoin(session, conversationId, groupId, 'copied');
    await askAgain(session, conversationId, rows, outcomes);
    return fresh.all;
  });
}

/** Stores what the opened records say. @returns the ids of the messages that were new, and which others sent. */
async function applyAll(
  session: Session,
  conversationId: ConversationId,
  opened: readonly Opened[],
  outcomes: Map<InboxRow, Outcome>,
): Promise<{ readonly all: MessageId[]; readonly others: MessageId[] }> {
  const roleOf = await rolesIn(session, conversationId);
  const isChannel = await isChannelOf(session, conversationId);
  const isBlocked = await isBlockedIn(session, conversationId);
  const received: (Received & { readonly row: InboxRow })[] = [];
  const unreadable: MessageRow[] = [];
  for (const one of opened) {
    const { row } = one;
    const sender = { ...one.sender, role: roleOf(one.sender.accountId) };
    const { messageId: id, plaintext } = one.record;
    const said = await saidIn(session.store, conversationId, { id, device: sender.deviceId, bytes: plaintext });
    if (isBlocked) outcomes.set(row, 'PolicyRejected');
    else if (said.ok && isOwnWord(said.value.content) && isChannel && !may(sender.role, 'write-channel')) {
      outcomes.set(row, 'PolicyRejected');
    } else if (said.ok) received.push({ row, sender, ...said.value });
    else {
      const outcome = outcomeOfFault(said.error.code);
      outcomes.set(row, outcome);
      if (outcome !== 'UnsupportedVersion') continue;
      const line = await putAside(session, conversationId, one, sender);
      if (line !== undefined) unreadable.push(line);
    }
  }
  const applied = await applyContents(session, conversationId, received, unreadable);
  received.forEach(({ row }, i) => outcomes.set(row, applied.outcomes[i] ?? 'Malformed'));
  const own = new Set(
    received.filter(({ sender }) => sender.accountId === session.identity.account).map(({ id }) => id),
  );
  return { all: applied.fresh, others: applied.fresh.filter((id) => !own.has(id)) };
}

/** What adds something to a conversation, rather than to what somebody said in it. */
const isOwnWord = ({ k }: Said): boolean => k === 'text' || k === 'space';

/** Whether this is the chat with somebody who is blocked: nothing that they send counts. */
async function isBlockedIn({ store }: Session, conversationId: ConversationId): Promise<boolean> {
  const contactId = (await store.conversations.get(conversationId))?.contactId;
  return contactId !== undefined && (await store.contacts.get(contactId))?.isBlocked === true;
}

/** Whether only some may write here. */
async function isChannelOf({ store }: Session, conversationId: ConversationId): Promise<boolean> {
  const groupId = (await store.conversations.get(conversationId))?.groupId;
  const group = groupId === undefined ? undefined : await store.groups.get(groupId);
  return group?.settings?.['isChannel'] === true;
}

/** What each person may do here, by the roster as the log has it now. In a direct chat nobody is above the other. */
async function rolesIn({ store }: Session, conversationId: ConversationId): Promise<(account: AccountId) => Role> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation?.groupId === undefined) return () => 'member';
  const members = await store.groupMembers.where('groupId').equals(conversation.groupId).toArray();
  const roles = new Map(members.map((member) => [member.memberId, member.role]));
  return (account) => roles.get(account) ?? 'guest';
}
