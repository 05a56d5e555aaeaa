import type { MessageId } from '../core/ids.ts';
import { wholeMessage } from '../db/messages/find.ts';
import type { FileAttachmentRow, FileTransferRow, MessageRow, Store } from '../db/store.ts';
import type { AttachmentItem } from './client.ts';

const WITH_FILES: ReadonlySet<MessageRow['type']> = new Set(['file', 'image', 'voice', 'video']);

/** The files on these messages, each message's in order. Messages without any have no entry. */
export async function attachmentsOf(
  store: Store,
  rows: readonly MessageRow[],
): Promise<Map<MessageId, readonly AttachmentItem[]>> {
  const items = new Map<MessageId, readonly AttachmentItem[]>();
  for (const row of rows) {
    if (!WITH_FILES.has(row.type) || row.isDeleted) continue;
    const attachments = (await wholeMessage(store, row.id))?.attachments ?? [];
    const transfers = await store.fileTransfers.bulkGet(attachments.map((one) => one.transferId ?? ''));
    items.set(
      row.id,
      attachments.map((one, i) => attachmentItem(row, one, transfers[i])),
    );
  }
  return items;
}

function attachmentItem(
  { type }: MessageRow,
  row: FileAttachmentRow,
  transfer: FileTransferRow | undefined,
): AttachmentItem {
  return {
    kind: kindOf(type, row),
    name: row.name,
    type: row.mimeType,
    size: row.size,
    ...(row.width === undefined ? {} : { width: row.width }),
    ...(row.height === undefined ? {} : { height: row.height }),
    ...(row.duration === undefined ? {} : { duration: row.duration }),
    hasThumbnail: row.thumbnail !== undefined,
    state: stateOf(transfer),
    progress: transfer?.progress ?? 0,
  };
}

function kindOf(type: MessageRow['type'], { mimeType }: FileAttachmentRow): AttachmentItem['kind'] {
  if (type === 'voice') return 'voice';
  if (mimeType.startsWith('image/')) return 'image';
  return mimeType.startsWith('video/') ? 'video' : 'file';
}

/** Where the bytes of a file are. */
export function stateOf(transfer: FileTransferRow | undefined): AttachmentItem['state'] {
  if (transfer === undefined) return 'gone';
  if (transfer.direction === 'outbound') {
    switch (transfer.status) {
      case 'completed':
        return 'here';
      case 'paused':
        return 'held';
      case 'failed':
      case 'cancelled':
        return 'failed';
      default:
        return 'uploading';
    }
  }
  if (transfer.status === 'completed') return 'here';
  return transfer.status === 'active' ? 'fetching' : 'absent';
}
