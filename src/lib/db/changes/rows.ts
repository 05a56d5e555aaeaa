import type { MessageId } from '../../core/ids.ts';
import type { Change } from '../../domain/messageChanges.ts';
import type { WholeMessage } from '../messages/whole.ts';
import type { MessageChangeRow, MessageRow } from '../store.ts';

/** The log of a message as rows of `messageChanges`, and back. */

type EditData = { readonly text: string; readonly seen: readonly string[] };

/** A change as its row. */
export function rowOfChange(
  messageId: MessageId,
  change: Change,
  state: { readonly syncStatus: MessageChangeRow['syncStatus']; readonly conflictId?: string },
): MessageChangeRow {
  const { id, user: userId, device: deviceId, at: timestamp, what: changeType, ...changeData } = change;
  return { id, messageId, changeType, changeData, deviceId, userId, timestamp, ...state };
}

/** The changes of a message, without the text that it began with. */
export const changesOf = (whole: WholeMessage): Change[] => whole.changes.flatMap((row) => changeOfRow(row) ?? []);

/** The change in a row; `undefined` for the row of the text as it was sent. */
function changeOfRow(row: MessageChangeRow): Change | undefined {
  const { id, userId: user, deviceId: device, timestamp: at } = row;
  const origin = { id, user, device, at };
  switch (row.changeType) {
    case 'edit': {
      const { text, seen } = row.changeData as EditData;
      return { ...origin, what: 'edit', text, seen };
    }
    case 'react':
    case 'unreact':
      return { ...origin, what: row.changeType, emoji: (row.changeData as { emoji: string }).emoji };
    case 'delete':
    case 'pin':
    case 'unpin':
      return { ...origin, what: row.changeType };
    default:
      return undefined;
  }
}

/** The text as it was sent: set aside with the first edit. */
export function originalOf(whole: WholeMessage): string {
  const created = whole.changes.find((row) => row.changeType === 'create');
  return created === undefined ? (whole.row.content ?? '') : (created.changeData as { text: string }).text;
}

/** The row of the text as it was sent. */
export const rowOfOriginal = (row: MessageRow, text: string): MessageChangeRow => ({
  id: row.id,
  messageId: row.id,
  changeType: 'create',
  changeData: { text },
  // Lines without a device are notices, which nobody edits.
  deviceId: row.deviceId ?? ('' as NonNullable<MessageRow['deviceId']>),
  userId: row.senderId,
  timestamp: sentAt(row),
  syncStatus: 'synced',
});

/**
 * The sort key that the sender gave the message: where its place here is another (a clock that runs ahead
 * is not believed, two messages at one place are told apart), it is kept beside.
 */
export function sentAt(row: MessageRow): string {
  const kept = row.metadata?.['sentAt'];
  return typeof kept === 'string' ? kept : (row.sortKey.split('+')[0] ?? row.sortKey);
}
