import { base64urlFromBytes, type Bytes } from '../core/bytes.ts';
import { clamp, compareStamps, observe, sortKeyOf, stampOf, type Stamp } from '../core/clock.ts';
import type { AccountId, ConversationId, DeviceId, GroupId, MessageId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import { chainFromBytes, chainToBytes, type SenderChain } from '../crypto/senderKey/chain.ts';
import { readHeader, type RecordHeader } from '../crypto/senderKey/layout.ts';
import { openRun, type OpenedRecord } from '../crypto/senderKey/open.ts';
import type { SenderKeyFault } from '../crypto/senderKey/fault.ts';
import { finishEntries } from '../db/inbox.ts';
import { addReceived, knownMessages } from '../db/messages.ts';
import { recordReceipts } from '../db/receipts.ts';
import { chainAt, newestChainOf, saveChain } from '../db/senderKeys.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { InboxRow, MessageRow, SenderKeyRow } from '../db/store.ts';
import { compose, composeTables, newMessageId, nextSortKey } from './compose.ts';
import { contentFromBytes, type Content } from './content.ts';
import { queueRelease } from './leaving.ts';
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

interface Opened {
  readonly row: InboxRow;
  readonly sender: SenderKeyRow;
  readonly record: OpenedRecord;
}

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
  await session.store.tx('rw', recordTables, async () => {
    const outcomes = new Map<InboxRow, Outcome>();
    const opened = await openAll(session, groupId, rows, outcomes);
    const fresh = await applyAll(session, conversationId, opened, outcomes);
    await finishEntries(
      session.store,
      rows.map((row) => ({ row, outcome: outcomes.get(row) ?? 'Malformed' })),
    );
    if (fresh.length > 0) await acknowledge(session, conversationId, fresh);
  });
}

/** Opens the records chain by chain, so that one signature can speak for a run; keeps the log's order. */
async function openAll(
  session: Session,
  groupId: GroupId,
  rows: readonly InboxRow[],
  outcomes: Map<InboxRow, Outcome>,
): Promise<Opened[]> {
  const { store, identity, clock } = session;
  const present = (await newestChainOf(store, groupId, identity.signaturePublic))?.epoch ?? 0;
  const runs = new Map<string, { header: RecordHeader; rows: InboxRow[] }>();
  for (const row of rows) {
    const header = readHeader(row.payload);
    if (!header.ok) {
      outcomes.set(row, outcomeOfFault(header.error.code));
    } else if (base64urlFromBytes(header.value.groupId) !== groupId || header.value.messageId !== row.id) {
      outcomes.set(row, 'Tampered');
    } else {
      const key = `${header.value.epoch} ${header.value.leaf}`;
      const run = runs.get(key) ?? { header: header.value, rows: [] };
      run.rows.push(row);
      runs.set(key, run);
    }
  }

  const opened = new Map<InboxRow, Opened>();
  for (const run of runs.values()) {
    const sender = await chainAt(store, groupId, run.header.epoch, run.header.leaf);
    if (sender === undefined) {
      const outcome: Outcome = run.header.epoch > present ? 'FutureEpoch' : 'SentBeforeJoin';
      for (const row of run.rows) outcomes.set(row, outcome);
      continue;
    }
    if (sender.deviceId === identity.device) {
      // Our own chain is for sealing: what we sent comes back as an echo, never to be opened.
      for (const row of run.rows) outcomes.set(row, 'OwnEcho');
      continue;
    }
    const { results, next } = openChain(sender, run.rows, clock.now());
    for (const [i, result] of results.entries()) {
      const row = run.rows[i] as InboxRow;
      if (result.ok) opened.set(row, { row, sender, record: result.value });
      else outcomes.set(row, outcomeOfFault(result.error.code));
    }
    if (next !== undefined) {
      await saveChain(store, {
        ...sender,
        chainKey: chainToBytes(next),
        iteration: next.iteration,
        updatedAt: clock.now(),
      });
    }
  }
  return rows.flatMap((row) => opened.get(row) ?? []);
}

function openChain(
  sender: SenderKeyRow,
  rows: readonly InboxRow[],
  now: number,
): { results: readonly Result<OpenedRecord, SenderKeyFault>[]; next?: SenderChain } {
  const chain = chainFromBytes(sender.chainKey);
  // Sealed and opened by us under authentication: bytes that do not decode were never written by us.
  if (!chain.ok) throw new Error('a stored sender chain does not decode');
  return openRun(
    chain.value,
    rows.map((row) => row.payload as Bytes),
    now,
  );
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
