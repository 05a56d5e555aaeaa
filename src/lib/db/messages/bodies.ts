import { inflateSync } from 'fflate';
import { utf8Length } from '../../core/bytes.ts';
import { refuseStorage } from '../faults.ts';
import type { MessageContentRow, MessageRow } from '../store.ts';
import { MESSAGE_LIMIT } from '../tables/messages.ts';
import type { StoredMessage, WholeMessage } from './whole.ts';

/** Texts longer than this, in UTF-8, are kept apart from their rows, and compressed. */
const LONG = 16 * 1024;

let deflate: ((data: Uint8Array) => Uint8Array<ArrayBuffer>) | undefined;

/**
 * To be called before a transaction that may store a text of `length` bytes: loads what compresses it.
 * Where nobody called it the text is kept as it is.
 */
export async function readyForText(length: number): Promise<void> {
  if (length > LONG) deflate ??= (await import('./deflate.ts')).deflate;
}

/**
 * The message as it is kept: a long text compressed beside the row.
 * @param known what it was kept as before; a text that did not change is not compressed again.
 * Refused: `constraint` for more than 1 MiB of text.
 */
export function storedFrom(whole: WholeMessage, known?: StoredMessage): StoredMessage {
  const length = whole.row.content?.length ?? 0;
  if (length * 3 <= LONG) return whole;
  const { content = '', ...row } = whole.row;
  const text = new TextEncoder().encode(content);
  if (text.length > MESSAGE_LIMIT) refuseStorage('constraint', { entity: 'messages', field: 'content-size' });
  if (text.length <= LONG) return whole;
  if (known?.body !== undefined && textOf(known) === content) return { ...whole, row, body: known.body };
  return { ...whole, row, body: bodyFrom(row.id, text) };
}

/** The message with its text in the row. */
export function wholeFrom({ body, ...stored }: StoredMessage): WholeMessage {
  return body === undefined ? stored : { ...stored, row: withText(stored.row, body) };
}

/** The row with its text. */
export const withText = (row: MessageRow, body: MessageContentRow | undefined): MessageRow =>
  body === undefined ? row : { ...row, content: textFrom(body) };

export const textOf = ({ row, body }: StoredMessage): string | undefined =>
  body === undefined ? row.content : textFrom(body);

/** Bytes of the text in UTF-8. */
export const textBytes = ({ row, body }: StoredMessage): number =>
  body?.originalSize ?? (row.content === undefined ? 0 : utf8Length(row.content));

/** Whether the row's text may be kept apart. */
export const mayHaveBody = (row: MessageRow): boolean => row.content === undefined && !row.isDeleted;

/** Raw DEFLATE (RFC 1951), where it makes the text shorter. */
function bodyFrom(messageId: MessageContentRow['messageId'], text: Uint8Array<ArrayBuffer>): MessageContentRow {
  const packed = deflate?.(text);
  const shrinks = packed !== undefined && packed.length < text.length;
  const content = shrinks ? packed : text;
  return {
    messageId,
    content,
    compressionAlgorithm: shrinks ? 'deflate' : 'none',
    compressedSize: content.length,
    originalSize: text.length,
  };
}

/** A byte order mark at the start is a part of the text. */
const exactText = new TextDecoder('utf-8', { ignoreBOM: true });

/** Synchronous, because it is read inside transactions too. */
function textFrom({ messageId, content, compressionAlgorithm, originalSize }: MessageContentRow): string {
  if (compressionAlgorithm === 'none') return exactText.decode(content);
  try {
    return exactText.decode(inflateSync(content, { out: new Uint8Array(originalSize) }));
  } catch {
    return refuseStorage('sealed-value-damaged', { entity: 'messageContents', detail: `key "${messageId}"` });
  }
}
