import type { ConversationId, MessageId } from '../core/ids.ts';
import { ok, refuse, settle, type Result } from '../core/result.ts';
import { changeTables } from '../db/changes/apply.ts';
import { discardOperation, discardTables } from '../db/discard.ts';
import { messageById, wholeMessage } from '../db/messages/find.ts';
import { markUnreadFrom } from '../db/messages/readState.ts';
import { messageTables } from '../db/messages/whole.ts';
import { pageOf } from '../db/messages/pages.ts';
import { heldRecords } from '../db/outbox.ts';
import { uncountReply } from '../db/threads.ts';
import { changedStatus } from '../domain/transferStates.ts';
import { sealWaiting } from '../sync/rekey.ts';
import type { Session } from '../sync/session.ts';
import { deleteMessage } from './changes.ts';

/** What a person does with messages on this device alone: nobody else hears of it. */

/**
 * Takes back a message that has not left this device. Refused: `not-found`; `already-sent` once the relay
 * may have it.
 * @returns its text, to be written on.
 */
export const takeBack = (session: Session, id: MessageId): Promise<Result<string>> =>
  // Whoever sends holds this lock: afterwards the message is either gone for good or surely here.
  session.locks.run('outbox', () =>
    settle(
      session.store.tx('rw', [...changeTables, ...discardTables, 'threads'], async () => {
        const { store } = session;
        const message = (await messageById(store, id)) ?? refuse({ code: 'not-found', retry: 'never' });
        const operation = await store.offlineOperations.where('messageId').equals(id).first();
        if (operation === undefined) return refuse({ code: 'already-sent', retry: 'never' });
        await discardOperation(store, operation.id);
        await uncountReply(store, message);
        return message.content ?? '';
      }),
    ),
  );

/**
 * Takes a message back that was just sent: without a trace while it is here, else from everybody.
 * Refused: `not-found`, `not-allowed`, `not-a-member`.
 * @returns its text, to be written on.
 */
export async function undoSend(session: Session, id: MessageId): Promise<Result<string>> {
  const taken = await takeBack(session, id);
  if (taken.ok || taken.error.code !== 'already-sent') return taken;
  const text = (await messageById(session.store, id))?.content ?? '';
  const deleted = await deleteMessage(session, id, 'everyone');
  return deleted.ok ? ok(text) : deleted;
}

/** What could still be undone goes now. */
export async function letGo(session: Session): Promise<Result<void>> {
  const { store, clock } = session;
  const released = await settle(
    store.tx('rw', ['offlineOperations'], async () => {
      for (const operation of await heldRecords(store, clock.now()))
        await store.offlineOperations.update(operation.id, { nextAttemptAt: 0 });
    }),
  );
  if (!released.ok) return released;
  await sealWaiting(session);
  return ok(undefined);
}

/** Uploads a file of an own message again, from where it stopped. Refused: `not-found`. */
export async function retryUpload({ store }: Session, id: MessageId, index: number): Promise<Result<void>> {
  const attachment = (await wholeMessage(store, id))?.attachments.find((one) => one.id === `${id}/${index}`);
  return settle(
    store.tx('rw', ['fileTransfers'], async () => {
      const transfer = await store.fileTransfers.get(attachment?.transferId ?? '');
      if (transfer?.direction !== 'outbound') return refuse({ code: 'not-found', retry: 'never' });
      const { errorMessage: _, ...row } = transfer;
      const status = changedStatus(row.status, 'resume');
      if (status !== undefined) await store.fileTransfers.put({ ...row, status });
    }),
  );
}

/** From this message on the conversation is unread again. Refused: `not-found`. */
export const markUnread = ({ store, clock }: Session, id: MessageId): Promise<Result<void>> =>
  settle(
    store.tx('rw', messageTables, async () => {
      const message = (await messageById(store, id)) ?? refuse({ code: 'not-found', retry: 'never' });
      const { conversationId, sortKey } = message;
      const { rows } = await pageOf(store, { conversationId, limit: 1, before: sortKey });
      const conversation =
        (await store.conversations.get(conversationId)) ?? refuse({ code: 'not-found', retry: 'never' });
      await markUnreadFrom(store, conversation, rows.at(-1)?.sortKey ?? '', clock.now());
    }),
  );

/** The first message of a conversation at or after `time`, or its last one; `undefined` in an empty one. */
export async function messageOn(
  { store }: Session,
  conversationId: ConversationId,
  time: number,
): Promise<MessageId | undefined> {
  const before = `${Math.max(0, time).toString(16).padStart(12, '0')}0000`;
  const { rows } = await pageOf(store, { conversationId, limit: 1, after: before });
  if (rows[0] !== undefined) return rows[0].id;
  return (await pageOf(store, { conversationId, limit: 1 })).rows.at(-1)?.id;
}
