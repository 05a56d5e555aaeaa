import { newId, type MessageId } from '../core/ids.ts';
import { readFileSettings, wantedTransfer } from '../db/fileSettings.ts';
import type { FileAttachmentRow, FileTransferRow, MessageRow } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import type { FileContent, TextContent } from './content.ts';
import type { Session } from './session.ts';

/** What a message is, by the first file that hangs on it. */
export function typeOf({ a }: Pick<TextContent, 'a'>): MessageRow['type'] {
  const first = a?.[0];
  if (first === undefined) return 'text';
  if (first.l !== undefined) return 'voice';
  if (first.y.startsWith('image/')) return 'image';
  return first.y.startsWith('video/') ? 'video' : 'file';
}

/** The rows of a file on a message; its bytes are those of the transfer. */
export const attachmentRow = (
  messageId: MessageId,
  index: number,
  transferId: string,
  file: FileContent,
): FileAttachmentRow => {
  const picture = file.l ?? file.t;
  return {
    id: `${messageId}/${index}`,
    messageId,
    transferId,
    name: file.n,
    mimeType: file.y,
    size: file.z,
    fileKey: file.k,
    ...(picture === undefined ? {} : { thumbnail: picture }),
    ...(file.w === undefined ? {} : { width: file.w }),
    ...(file.g === undefined ? {} : { height: file.g }),
    ...(file.d === undefined ? {} : { duration: file.d }),
  };
};

/** A transfer of a file that nobody has asked for yet. */
export const inboundTransfer = (transferId: string, file: FileContent, now: number): FileTransferRow => ({
  transferId,
  blobId: file.b,
  fileName: file.n,
  fileSize: file.z,
  fileHash: file.h,
  fileKey: file.k,
  direction: 'inbound',
  status: 'paused',
  progress: 0,
  chunkSize: limits.blobChunk,
  chunksDone: 0,
  createdAt: now,
});

/**
 * Keeps what is to be known of files that came with a message, inside the caller's transaction. The bytes of
 * small ones are asked for, those of others when a person wants them.
 */
export async function addFiles(
  { store, random, clock }: Pick<Session, 'store' | 'random' | 'clock'>,
  messageId: MessageId,
  files: readonly FileContent[],
): Promise<readonly FileAttachmentRow[]> {
  const transfers = files.map((file) => ({ file, id: newId<string>(random) }));
  const settings = transfers.length > 0 ? await readFileSettings(store) : undefined;
  if (settings !== undefined)
    await store.fileTransfers.bulkAdd(
      transfers.map(({ file, id }) => wantedTransfer(inboundTransfer(id, file, clock.now()), settings)),
    );
  return transfers.map(({ file, id }, index) => attachmentRow(messageId, index, id, file));
}
