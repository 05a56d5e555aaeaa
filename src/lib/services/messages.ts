import { utf8 } from '../core/bytes.ts';
import type { AccountId, ConversationId, GroupId, MessageId } from '../core/ids.ts';
import { newId } from '../core/ids.ts';
import { err, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { sentAt } from '../db/changes/rows.ts';
import { addMessage } from '../db/messages/add.ts';
import { readyForText } from '../db/messages/bodies.ts';
import { messageById } from '../db/messages/find.ts';
import { markReadUpTo } from '../db/messages/readState.ts';
import { messageTables } from '../db/messages/whole.ts';
import { isBeginning, wishesIn } from '../db/outbox.ts';
import type { FileAttachmentRow, MessageRow, Store } from '../db/store.ts';
import { countReplies, markThreadsRead } from '../db/threads.ts';
import { disappearsAt } from '../domain/disappearing.ts';
import { may } from '../domain/roles.ts';
import { limits } from '../protocol/limits.ts';
import { compose, composeTables, nextSortKey, sealAhead, type Composer } from '../sync/compose.ts';
import type { FileContent, MessageReference, TextContent } from '../sync/content.ts';
import { lifetimeOf } from '../sync/lifetimes.ts';
import { composeReceipts, sharesReading } from '../sync/receipts.ts';
import { importedOf } from './imported.ts';

const sendTables = [
  ...composeTables,
  ...messageTables,
  'threads',
  'groupMembers',
  'devices',
  'users',
  'groups',
] as const;

/** What a message is about. */
export interface About {
  /** The message that it answers. */
  readonly replyTo?: MessageId;
  /** The one whose thread it belongs to. */
  readonly parent?: MessageId;
  /** It was said in another conversation first. */
  readonly isForwarded?: boolean;
}

/** A file that hangs on a message that is sent. */
export interface SentFile {
  readonly transferId: string;
  readonly content: FileContent;
  /** What its message is, where it is the first file. */
  readonly type: MessageRow['type'];
  /** Its row. */
  row(message: MessageId, index: number): FileAttachmentRow;
  /** The relay has it already. */
  readonly isHere?: boolean;
}

/** What is special about a sending. */
export interface Sending {
  /**
   * It was not written in the conversation just now: the draft there and what is unread stay, and it goes without
   * the time in which it could be undone.
   */
  readonly isAside?: boolean;
  /** Done in the transaction that stores it. */
  readonly within?: () => Promise<unknown>;
}

/**
 * Stores a message, its sealed record and the advanced chain in one transaction: from then on it is the
 * person's to see and the outbox's to send. Refused: `empty`, `too-long`, `not-found`, `not-a-member`.
 * @param about the message that it answers, and the one whose thread it belongs to
 * @param files that hang on it: sealed and stored, and uploaded from now on; with them the text may be empty
 */
export async function sendText(
  composer: Composer,
  conversationId: ConversationId,
  input: string,
  about: About = {},
  files: readonly SentFile[] = [],
  { isAside = false, within }: Sending = {},
): Promise<Result<MessageId, Fault>> {
  const { store, identity, clock, random } = composer;
  const text = input.trim();
  if (text === '' && files.length === 0) return err({ code: 'empty', retry: 'never' });
  if (utf8(text).length > limits.text) return err({ code: 'too-long', retry: 'person' });
  const id = newId<MessageId>(random);
  return settle(async () => {
    await readyForText(text.length * 3);
    const { sortKey, at } = await store.tx('rw', ['settings'], () => nextSortKey(composer));
    const r = await referenceTo(composer, conversationId, about.replyTo);
    const p = await threadHead(composer, conversationId, about.parent);
    const lifetime = await lifetimeOf(store, conversationId);
    const content: TextContent = {
      k: 'text',
      s: sortKey,
      t: text,
      ...(r === undefined ? {} : { r }),
      ...(p === undefined ? {} : { p }),
      ...(files.length === 0 ? {} : { a: files.map((file) => file.content) }),
      ...(about.isForwarded === true ? { f: true } : {}),
      ...(lifetime === undefined ? {} : { x: lifetime }),
    };
    const hold = isAside ? 0 : ((await store.users.get(identity.account))?.preferences?.undoSend ?? 0);
    const ahead = hold > 0 ? undefined : await sealAhead(composer, conversationId, content, id);
    return store.tx('rw', sendTables, async () => {
      const conversation = await store.conversations.get(conversationId);
      if (conversation === undefined) return refuse({ code: 'not-found', retry: 'never' });
      if (!(await maySend(composer, conversationId))) return refuse({ code: 'not-a-member', retry: 'person' });
      await within?.();
      const now = clock.now();
      const heldUntil = hold > 0 ? now + hold * 1_000 : undefined;
      const facts = {
        ...(r === undefined ? {} : { replyAt: r.s }),
        ...(about.isForwarded === true ? { isForwarded: true } : {}),
      };
      const message: MessageRow = {
        id,
        conversationId,
        senderId: identity.account,
        deviceId: identity.device,
        type: files[0]?.type ?? 'text',
        content: text,
        isOutgoing: true,
        isEncrypted: true,
        // What one says to oneself has nowhere to go.
        status: conversation.kind === 'system' ? 'read' : 'queued',
        sortKey,
        timestamp: at,
        ...disappearsAt(at, lifetime),
        ...(r === undefined ? {} : { replyTo: r.i }),
        ...(Object.keys(facts).length === 0 ? {} : { metadata: facts }),
        ...(p === undefined ? {} : { parentMessageId: p.i }),
        isDeleted: false,
        createdAt: now,
        updatedAt: now,
      };
      const attachments = files.map((file, i) => file.row(id, i));
      await addMessage(store, message, { attachments });
      for (const { transferId, isHere } of files)
        if (isHere !== true) await store.fileTransfers.update(transferId, { status: 'pending', askedAt: now });
      await countReplies(store, [message]);
      await compose(composer, conversationId, content, { id, sortKey, isMessage: true, ahead, heldUntil });
      await store.conversations.update(conversationId, {
        lastActivity: at,
        ...(isAside ? {} : { draft: '' }),
        updatedAt: now,
      });
      // Whoever answers has read what stands there; what came behind is read one by one.
      if (!isAside) await readUpTo(composer, conversationId, sortKey, sortKey);
      return id;
    });
  });
}

/** A message as the others know it. */
async function referenceTo(
  { store }: Composer,
  conversationId: ConversationId,
  id: MessageId | undefined,
): Promise<MessageReference | undefined> {
  if (id === undefined) return undefined;
  const row = await messageById(store, id);
  if (row === undefined || row.conversationId !== conversationId) return refuse({ code: 'not-found', retry: 'never' });
  return { i: id, s: sentAt(row) };
}

/** The message that begins the thread of `id`: itself, or the head of the thread that it is in. */
async function threadHead(
  composer: Composer,
  conversationId: ConversationId,
  id: MessageId | undefined,
): Promise<MessageReference | undefined> {
  const row = id === undefined ? undefined : await messageById(composer.store, id);
  return referenceTo(composer, conversationId, row?.parentMessageId ?? id);
}

/** Whether messages written now have a way: there is a group, or one is about to be made. */
export async function maySend({ store, identity }: Composer, conversationId: ConversationId): Promise<boolean> {
  const conversation = await store.conversations.get(conversationId);
  if (conversation === undefined || conversation.metadata?.['leaving'] === true) return false;
  if (conversation.kind === 'system') return importedOf(conversation) === undefined;
  if (!(await mayWrite(store, conversation.groupId, identity.account))) return false;
  if ((await groupOfConversation(store, conversationId)) !== undefined) return true;
  const waiting = await wishesIn(store, conversationId);
  return waiting.some(isBeginning);
}

/** In a channel only some write; elsewhere everybody. */
async function mayWrite(store: Store, groupId: GroupId | undefined, account: AccountId): Promise<boolean> {
  const group = groupId === undefined ? undefined : await store.groups.get(groupId);
  if (groupId === undefined || group?.settings?.['isChannel'] !== true) return true;
  const member = await store.groupMembers.get([groupId, account]);
  return member === undefined || may(member.role, 'write-channel');
}

/** Keeps what is being written with its conversation. */
export async function saveDraft({ store, clock }: Composer, id: ConversationId, text: string): Promise<Result<void>> {
  return settle(
    store.tx('rw', ['conversations'], async () => {
      const conversation = await store.conversations.get(id);
      if (conversation === undefined) return refuse({ code: 'not-found', retry: 'never' });
      if ((conversation.draft ?? '') !== text)
        await store.conversations.update(id, { draft: text, updatedAt: clock.now() });
    }),
  );
}

/**
 * The person has seen the conversation up to this message. Tells the senders, in the same transaction, unless the
 * person keeps that to themselves, and moves the mark only forward. Refused: `not-found`.
 */
export async function markRead(
  composer: Composer,
  id: ConversationId,
  upTo: MessageId,
  since?: MessageId,
): Promise<Result<void>> {
  const { store } = composer;
  return settle(
    store.tx('rw', [...composeTables, ...messageTables, 'threads', 'users'], async () => {
      const message = await messageById(store, upTo);
      if (message === undefined || message.conversationId !== id) return refuse({ code: 'not-found', retry: 'never' });
      const first = since === undefined ? undefined : await messageById(store, since);
      await readUpTo(composer, id, message.sortKey, first?.sortKey);
      await markThreadsRead(store, id, message.sortKey);
    }),
  );
}

/** Moves the read mark, and tells the senders of what is read by that, inside the caller's transaction. */
async function readUpTo(
  composer: Composer,
  id: ConversationId,
  sortKey: string,
  since: string | undefined,
): Promise<void> {
  const { store, clock } = composer;
  const read = await markReadUpTo(store, id, sortKey, clock.now(), since);
  if (read.length === 0 || (await groupOfConversation(store, id)) === undefined) return;
  if (!(await sharesReading(composer))) return;
  await composeReceipts(
    composer,
    id,
    'r',
    read.map((row) => row.id),
  );
}
