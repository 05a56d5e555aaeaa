import type { FileAttachmentRow, Store } from '../db/store.ts';
import type { FileContent } from './content.ts';

/** Bytes of a voice message's loudness. */
const WAVEFORM = 48;

/** A file of a message that is here, as it is told to others; `undefined` where the relay never had it. */
export async function fileContentOf(store: Store, row: FileAttachmentRow): Promise<FileContent | undefined> {
  const transfer = row.transferId === undefined ? undefined : await store.fileTransfers.get(row.transferId);
  if (transfer?.blobId === undefined || transfer.fileHash === undefined || row.fileKey === undefined) return undefined;
  const isVoice = row.mimeType.startsWith('audio/') && row.thumbnail?.length === WAVEFORM;
  return {
    b: transfer.blobId,
    k: row.fileKey,
    h: transfer.fileHash,
    n: row.name,
    y: row.mimeType,
    z: row.size,
    ...(row.width === undefined ? {} : { w: row.width }),
    ...(row.height === undefined ? {} : { g: row.height }),
    ...(row.duration === undefined ? {} : { d: row.duration }),
    ...(row.thumbnail === undefined ? {} : isVoice ? { l: row.thumbnail } : { t: row.thumbnail }),
  };
}
