import type { FileContent } from '../sync/content.ts';
import { attachmentRow, typeOf } from '../sync/files.ts';
import type { SentFile } from './messages.ts';

/** A file whose ciphertext is that of a transfer, to be hung on a message. */
export const sentFile = (transferId: string, content: FileContent): SentFile => ({
  transferId,
  content,
  type: typeOf({ a: [content] }),
  row: (message, index) => attachmentRow(message, index, transferId, content),
});
