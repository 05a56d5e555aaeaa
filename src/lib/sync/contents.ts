import { clamp, compareStamps, observe, sortKeyOf, stampOf, tick, type Stamp } from '../core/clock.ts';
import type { ConversationId, DeviceId, MessageId } from '../core/ids.ts';
import { notesConversationId } from '../crypto/identity.ts';
import { changeTables } from '../db/changes/apply.ts';
import { addReceived } from '../db/messages/add.ts';
import { knownMessages, messageById, newestPlaceOf } from '../db/messages/find.ts';
import { keepProfile } from '../db/profiles.ts';
import { markReadUpTo } from '../db/messages/readState.ts';
import { recordReceipts } from '../db/receipts.ts';
import { recordSecurityEvent } from '../db/security.ts';
import { getSetting, setSetting } from '../db/settings.ts';
import type { FileAttachmentRow, MessageRow } from '../db/store.ts';
import { disappearsAt } from '../domain/disappearing.ts';
import { countReplies } from '../db/threads.ts';
import { queueAnswers } from './asking.ts';
import { applyChanges, applyWaiting, changeFrom, type ReceivedChange, type Sender } from './changes.ts';
import { composeTables } from './compose.ts';
import type { Said, TextContent } from './content.ts';
import { addFiles, typeOf } from './files.ts';
import { queueRelease } from './leaving.ts';
import type { Outcome } from './outcomes.ts';
import { sharesReading } from './receipts.ts';
import { queuePiece } from './queuePiece.ts';
import type { Session } from './session.ts';

/** Tables of a transaction in which what others sent is applied. */
export const contentTables = [
  ...composeTables,
  ...changeTables,
  'threads',
  'laterContents',
  'groupMembers',
  'users',
  'profilePictures',
  'devices',
  'relayLogin',
  'securityEvents',
  'syncOperations',
] as const;

/** What somebody sent, opened and understood. */
export interface Received {
  readonly id: MessageId;
  readonly sender: Sender;
  readonly content: Said;
}

/**
 * Stores what contents say, in the order of the log, inside the caller's transaction.
 * @returns what became of each, and the ids of the messages that were new.
 */
export async function applyContents(
  session: Session,
  conversationId: ConversationId,
  received: readonly Received[],
  unreadable: readonly MessageRow[],
): Promise<{ readonly outcomes: readonly Outcome[]; readonly fresh: MessageId[] }> {
  const { store, clock } = session;
  const now = clock.now();
  const known = await knownMessages(
    store,
    received.map(({ id }) => id),
  );
  const messages: MessageRow[] = [...unreadable];
  const attachments = new Map<MessageId, readonly FileAttachmentRow[]>();
  const changes: ReceivedChange[] = [];
  const outcomes: Outcome[] = [];
  const seenElsewhere: MessageId[] = [];
  const newestPlaces = new Map<DeviceId, Stamp | undefined>();
  let newest: Stamp | undefined;
  for (const [i, { id, sender, content }] of received.entries()) {
    outcomes[i] = 'Applied';
    if (content.k === 'receipt') {
      const { d, r } = content;
      if (sender.accountId === session.identity.account) {
        seenElsewhere.push(...r);
        continue;
      }
      const told =
        r.length === 0 || (await sharesReading(session))
          ? { delivered: d, read: r }
          : { delivered: [...d, ...r], read: [] };
      await recordReceipts(store, conversationId, sender.accountId, told, now);
      continue;
    }
    if (content.k === 'leave') {
      await queueRelease(session, conversationId, sender.accountId, content.n);
      continue;
    }
    if (content.k === 'ask') {
      await queueAnswers(session, conversationId, sender, id, content.i);
      continue;
    }
    if (content.k === 'profile') {
      // Any device of the account says it, whichever it was said on first.
      const { sortKey } = placeOf(content.s, sender.deviceId, now);
      await keepProfile(store, sender.accountId, { ...content, s: sortKey }, now);
      continue;
    }
    const stamp = stampOf(content.s);
    if (stamp === undefined || !content.s.endsWith(`-${sender.deviceId}`)) {
      outcomes[i] = 'Malformed';
      continue;
    }
    if (newest === undefined || compareStamps(stamp, newest) > 0) newest = stamp;
    if (content.k === 'own' && conversationId !== notesConversationId(session.identity.account)) {
      outcomes[i] = 'PolicyRejected';
    } else if (content.k === 'space' || content.k === 'own') {
      await queuePiece(session, conversationId, { id, sender, content });
    } else if (content.k !== 'text') {
      changes.push({ at: i, target: content.m, role: sender.role, change: changeFrom(id, sender, content) });
    } else if (known.has(id)) {
      outcomes[i] = await whenTaken(session, conversationId, id, sender, messages);
    } else {
      known.add(id);
      const before = clamp(stamp, now).clamped ? await placeBefore(sender.deviceId) : undefined;
      const isOwn = sender.accountId === session.identity.account;
      const message = messageFrom(conversationId, sender, id, content, now, before, isOwn);
      // Its time may be over before it came.
      if ((message.expiresAt ?? Infinity) > now) {
        messages.push(message);
        if (content.a !== undefined) attachments.set(id, await addFiles(session, id, content.a));
      }
      newestPlaces.set(sender.deviceId, stampOf(message.sortKey));
    }
  }
  const fresh = await addReceived(store, conversationId, messages, attachments);
  if (messages.length > 0) session.meter?.count('messages-received', messages.length);
  // What was seen may have come together with the word that it was.
  await followReading(session, conversationId, seenElsewhere);
  await countReplies(store, messages);
  for (const [i, outcome] of await applyChanges(session, conversationId, changes)) outcomes[i] = outcome;
  await applyWaiting(session, conversationId, fresh);
  if (newest !== undefined) {
    const last = (await getSetting<Stamp>(store, 'clock')) ?? { ms: 0, count: 0 };
    await setSetting(store, 'clock', observe(last, newest, now), now);
  }
  return { outcomes, fresh };

  /** Where the last message of a device went. */
  async function placeBefore(device: DeviceId): Promise<Stamp | undefined> {
    if (newestPlaces.has(device)) return newestPlaces.get(device);
    const sortKey = await newestPlaceOf(store, conversationId, device);
    return sortKey === undefined ? undefined : stampOf(sortKey);
  }
}

/** What the person has seen on another device of theirs they have seen. */
async function followReading(
  { store, clock }: Session,
  conversationId: ConversationId,
  ids: readonly MessageId[],
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await store.messages.where('id').anyOf(ids).toArray();
  const keys = rows.filter((row) => row.conversationId === conversationId).map(({ sortKey }) => sortKey);
  const last = keys.sort().at(-1);
  if (last !== undefined) await markReadUpTo(store, conversationId, last, clock.now());
}

/**
 * A message whose id another one has. From the same sender it came twice. From anybody else somebody took the id
 * to keep this message from being seen, which no honest relay lets happen: the person is told.
 */
async function whenTaken(
  { store, clock }: Session,
  conversationId: ConversationId,
  id: MessageId,
  sender: Sender,
  fresh: readonly MessageRow[],
): Promise<Outcome> {
  const first = fresh.find((row) => row.id === id) ?? (await messageById(store, id));
  if (first?.senderId === sender.accountId && first.conversationId === conversationId) return 'Duplicate';
  const event = { eventType: 'entries-missing', severity: 'medium', description: '', at: clock.now() } as const;
  await recordSecurityEvent(store, { ...event, userId: sender.accountId, rawData: { conversationId, id } });
  return 'Tampered';
}

/**
 * The row of somebody's text. A clock that runs ahead is not believed; what it said stands beside.
 * @param isOwn whether another device of this account sent it
 * @param before where their message before this one went; whatever the clocks say, this one goes behind it
 */
export function messageFrom(
  conversationId: ConversationId,
  sender: Pick<Sender, 'accountId' | 'deviceId'>,
  id: MessageId,
  content: TextContent,
  now: number,
  before?: Stamp,
  isOwn = false,
): MessageRow {
  const { metadata, ...place } = placeOf(content.s, sender.deviceId, now, before);
  const facts = {
    ...metadata,
    ...(content.r === undefined ? {} : { replyAt: content.r.s }),
    ...(content.f === true ? { isForwarded: true } : {}),
  };
  return {
    id,
    conversationId,
    senderId: sender.accountId,
    deviceId: sender.deviceId,
    type: typeOf(content),
    content: content.t,
    isOutgoing: isOwn,
    isEncrypted: true,
    status: isOwn ? 'sent' : 'delivered',
    ...place,
    ...disappearsAt(place.timestamp, content.x),
    ...(content.r === undefined ? {} : { replyTo: content.r.i }),
    ...(content.p === undefined ? {} : { parentMessageId: content.p.i }),
    isDeleted: false,
    createdAt: now,
    updatedAt: now,
    ...(Object.keys(facts).length === 0 ? {} : { metadata: facts }),
  };
}

/** Where a message with this sort key goes in the conversation, and what is to be known about it. */
export function placeOf(
  sentAt: string,
  device: DeviceId,
  now: number,
  before?: Stamp,
): Pick<MessageRow, 'sortKey' | 'timestamp'> & { readonly metadata: Readonly<Record<string, unknown>> } {
  const { stamp, clamped } = clamp(stampOf(sentAt) ?? { ms: now, count: 0 }, now);
  if (!clamped) return { sortKey: sentAt, timestamp: stamp.ms, metadata: {} };
  const place = before !== undefined && compareStamps(stamp, before) <= 0 ? tick(before, 0) : stamp;
  return { sortKey: sortKeyOf(place, device), timestamp: place.ms, metadata: { clamped: true, sentAt } };
}
