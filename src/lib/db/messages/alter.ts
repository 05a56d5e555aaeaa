import type { ConversationId, MessageId } from '../../core/ids.ts';
import { refuseStorage } from '../faults.ts';
import type { MessageRow, MessagesArchiveRow, Store } from '../store.ts';
import { messagesIn, replaceBlock } from './archive.ts';
import { storedFrom, wholeFrom } from './bodies.ts';
import { checkStored } from './check.ts';
import { note } from './ledger.ts';
import { idLookup } from './lookups.ts';
import { putStored, storedFromRows } from './satellites.ts';
import { isSettled } from './settled.ts';
import type { MessageChange, StoredMessage, WholeMessage } from './whole.ts';

/** @returns what the message is from now on; `undefined` deletes it for good. */
export type Alter = (whole: WholeMessage) => WholeMessage | undefined;

/**
 * Gives a message another text, state, reactions or whatever hangs on it, inside the caller's transaction.
 * @param alter gets a copy of its own.
 * @returns the message as it is now, `undefined` where there is none (any more).
 * Refused: `constraint` when it would get another id or place, and whatever the tables refuse.
 */
export async function alterMessage(store: Store, id: MessageId, alter: Alter): Promise<WholeMessage | undefined> {
  return (await alterMessages(store, [id], alter))[0];
}

/**
 * {@link alterMessage} for many; each block is opened and sealed once.
 * @returns the messages that are left, in no particular order.
 */
export async function alterMessages(store: Store, ids: readonly MessageId[], alter: Alter): Promise<WholeMessage[]> {
  if (ids.length === 0) return [];
  const rows = await store.messages.where('id').anyOf(ids).toArray();
  const changes: MessageChange[] = [];
  for (const before of await storedFromRows(store, rows)) {
    const after = altered(before, alter);
    changes.push({ before, after });
    if (after === undefined) await store.messages.delete([before.row.conversationId, before.row.sortKey]);
    else await putStored(store, after, before);
  }
  if (rows.length < new Set(ids).size) {
    const blocks = await store.messagesArchive.where('lookups').anyOf(ids.map(idLookup)).distinct().toArray();
    const wanted = new Set(ids);
    for (const block of blocks) changes.push(...(await alterBlock(store, block, wanted, alter)));
  }
  const byConversation = new Map<ConversationId, MessageChange[]>();
  for (const change of changes) {
    const id = (change.before as StoredMessage).row.conversationId;
    byConversation.set(id, [...(byConversation.get(id) ?? []), change]);
  }
  for (const [conversationId, some] of byConversation) await note(store, conversationId, some);
  return changes.flatMap(({ after }) => (after === undefined ? [] : [wholeFrom(after)]));
}

/** Seals the block anew. A message that is settled no more leaves it and is a row again. */
async function alterBlock(
  store: Store,
  block: MessagesArchiveRow,
  ids: ReadonlySet<MessageId>,
  alter: Alter,
): Promise<MessageChange[]> {
  const changes: MessageChange[] = [];
  const stay: StoredMessage[] = [];
  const leave: StoredMessage[] = [];
  for (const before of messagesIn(block)) {
    if (!ids.has(before.row.id)) {
      stay.push(before);
      continue;
    }
    const after = altered(before, alter);
    changes.push({ before, after });
    if (after === undefined) continue;
    checkStored(after);
    (isSettled(after) ? stay : leave).push(after);
  }
  await replaceBlock(store, block, [stay]);
  for (const stored of leave) await putStored(store, await withoutLostNames(store, stored));
  return changes;
}

function altered(before: StoredMessage, alter: Alter): StoredMessage | undefined {
  const after = alter(structuredClone(wholeFrom(before)));
  if (after === undefined) return undefined;
  if (!isSamePlace(before.row, after.row)) refuseStorage('constraint', { entity: 'messages', field: 'id' });
  return storedFrom(after, before);
}

const isSamePlace = (a: MessageRow, b: MessageRow): boolean =>
  a.id === b.id && a.conversationId === b.conversationId && a.sortKey === b.sortKey;

/** A row may only name devices and transfers that are still there; in a block they were past. */
async function withoutLostNames(store: Store, stored: StoredMessage): Promise<StoredMessage> {
  const { deviceId, ...row } = stored.row;
  const keepsDevice = deviceId !== undefined && (await store.devices.get(deviceId)) !== undefined;
  const attachments = [];
  for (const { transferId, ...attachment } of stored.attachments) {
    const keepsTransfer = transferId !== undefined && (await store.fileTransfers.get(transferId)) !== undefined;
    attachments.push({ ...attachment, ...(keepsTransfer && { transferId }) });
  }
  return { ...stored, row: { ...row, ...(keepsDevice && { deviceId }) }, attachments };
}
