import { stampOf } from '../../core/clock.ts';
import { utf8 } from '../../core/bytes.ts';
import type { AccountId, MessageId } from '../../core/ids.ts';
import { mergeChanges, type Change, type ChangedMessage } from '../../domain/messageChanges.ts';
import { alterMessage } from '../messages/alter.ts';
import { messageTables, type WholeMessage } from '../messages/whole.ts';
import type { MessageChangeRow, MessageReactionRow, MessageRow, Store } from '../store.ts';
import type { MessageMetadata } from '../values.ts';
import { changesOf, originalOf, rowOfChange, rowOfOriginal } from './rows.ts';

/** Tables of a transaction in which messages are changed. */
export const changeTables = [...messageTables, 'pinnedMessages', 'waitingChanges'] as const;

/** What the row of a message says about its changes, so that a page needs nothing besides rows. Sealed. */
export interface ChangeMarks {
  readonly reactions?: readonly { readonly emoji: string; readonly users: readonly AccountId[] }[];
  readonly pinnedBy?: AccountId;
  readonly deletedBy?: AccountId;
  readonly hasConflict?: true;
}

/**
 * Applies changes to a message inside the caller's transaction, wherever it lies: its text, its log, its
 * reactions and its pin are from then on what {@link mergeChanges} makes of all that came so far.
 * @param choose gets the message as it is and returns the changes to apply; with none it stays as it is
 * @param how `isOwn`: made here, and not yet on the relay
 * @returns the message as it is now; `undefined` where there is none
 */
export async function changeMessage(
  store: Store,
  id: MessageId,
  choose: (whole: WholeMessage) => readonly Change[],
  how: { readonly isOwn: boolean; readonly now: number },
): Promise<WholeMessage | undefined> {
  let merged: ChangedMessage | undefined;
  const after = await alterMessage(store, id, (whole) => {
    const added = choose(whole);
    if (added.length === 0) return whole;
    merged = mergeChanges(originalOf(whole), [...changesOf(whole), ...added]);
    const pending = new Set(how.isOwn ? added.map((change) => change.id) : []);
    return changed(store, whole, merged, pending, how.now);
  });
  if (after !== undefined && merged !== undefined) await keepPin(store, after.row, merged.pin);
  return after;
}

/** Takes one's own change back that never left this device, as {@link changeMessage} applies one. */
export async function withdrawChange(store: Store, id: MessageId, changeId: string, now: number): Promise<void> {
  let merged: ChangedMessage | undefined;
  const after = await alterMessage(store, id, (whole) => {
    // What was deleted is gone from this device already.
    if (whole.row.isDeleted) return whole;
    const kept = changesOf(whole).filter((change) => change.id !== changeId);
    merged = mergeChanges(originalOf(whole), kept);
    return changed(store, whole, merged, new Set(), now);
  });
  if (after !== undefined && merged !== undefined) await keepPin(store, after.row, merged.pin);
}

/** @param pending ids of own changes that are not on the relay yet */
function changed(
  store: Store,
  whole: WholeMessage,
  merged: ChangedMessage,
  pending: ReadonlySet<string>,
  now: number,
): WholeMessage {
  const { row } = whole;
  const text = merged.text;
  const { content: _content, editedAt: _editedAt, deletedAt: _deletedAt, metadata, ...kept } = row;
  const marks = marksOf(merged);
  const after: MessageRow = {
    ...kept,
    ...(text === undefined ? {} : { content: text }),
    metadata: { ...withoutMarks(metadata, text === undefined), ...marks },
    ...(merged.edit === undefined ? {} : { editedAt: shownTime(merged.edit, row, now) }),
    isDeleted: merged.deletion !== undefined,
    ...(merged.deletion === undefined ? {} : { deletedAt: shownTime(merged.deletion, row, now) }),
    updatedAt: now,
  };
  if (Object.keys(after.metadata ?? {}).length === 0) delete after.metadata;
  return {
    ...whole,
    row: after,
    changes: logRows(whole, merged, pending),
    reactions: reactionRows(store, row.id, merged),
    attachments: text === undefined ? [] : whole.attachments,
  };
}

/** The log as rows; the text as it was sent stays in it as long as an edit hides it. */
function logRows(whole: WholeMessage, merged: ChangedMessage, pending: ReadonlySet<string>): MessageChangeRow[] {
  const waiting = new Set(whole.changes.filter((row) => row.syncStatus === 'pending').map((row) => row.id));
  const conflicting = new Set(merged.conflicts.map((edit) => edit.id));
  const log = merged.log.map((change) => {
    const syncStatus = waiting.has(change.id) || pending.has(change.id) ? 'pending' : 'synced';
    const conflictId = merged.edit?.id;
    if (conflictId === undefined || !conflicting.has(change.id))
      return rowOfChange(whole.row.id, change, { syncStatus });
    return rowOfChange(whole.row.id, change, { syncStatus: 'conflict', conflictId });
  });
  return merged.edit === undefined ? log : [rowOfOriginal(whole.row, originalOf(whole)), ...log];
}

const reactionRows = (store: Store, messageId: MessageId, merged: ChangedMessage): MessageReactionRow[] =>
  merged.reactions.flatMap(({ emoji, givers }) =>
    givers.map(({ user, at }) => ({
      messageId,
      userId: user,
      emojiKey: store.keyedHash('reaction', utf8(`${messageId} ${emoji}`)),
      emoji,
      timestamp: stampOf(at)?.ms ?? 0,
    })),
  );

const marksOf = (merged: ChangedMessage): ChangeMarks => ({
  ...(merged.reactions.length === 0
    ? {}
    : {
        reactions: merged.reactions.map(({ emoji, givers }) => ({ emoji, users: givers.map(({ user }) => user) })),
      }),
  ...(merged.pin === undefined ? {} : { pinnedBy: merged.pin.user }),
  ...(merged.deletion === undefined ? {} : { deletedBy: merged.deletion.user }),
  ...(merged.conflicts.length === 0 ? {} : { hasConflict: true as const }),
});

/** The metadata without what changes say; of what was deleted only where it stood. */
function withoutMarks(metadata: MessageMetadata = {}, isDeleted: boolean): MessageMetadata {
  const { reactions: _r, pinnedBy: _p, deletedBy: _d, hasConflict: _c, ...rest } = metadata;
  return isDeleted ? { ...(rest['sentAt'] === undefined ? {} : { sentAt: rest['sentAt'] }) } : rest;
}

/** When a change was made, for people: never before the message, never in the future. */
const shownTime = (change: Change, row: MessageRow, now: number): number =>
  Math.max(row.timestamp, Math.min(stampOf(change.at)?.ms ?? 0, now));

async function keepPin(store: Store, row: MessageRow, pin: Change | undefined): Promise<void> {
  const { conversationId, id: messageId, sortKey } = row;
  if (pin === undefined) await store.pinnedMessages.delete([conversationId, messageId]);
  else {
    const pinnedAt = stampOf(pin.at)?.ms ?? 0;
    await store.pinnedMessages.put({ conversationId, messageId, sortKey, pinnedBy: pin.user, pinnedAt });
  }
}
