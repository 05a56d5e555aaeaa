import type { FileAttachmentRow, MessageRow, SharedFileRow, Store } from '../store.ts';
import { textOf } from './bodies.ts';
import type { MessageChange, StoredMessage } from './whole.ts';

/** Links of one message that the list shows. */
const MOST_LINKS = 20;
const LINK = /\bhttps?:\/\/[^\s<>"'`]+/giu;
/** What ends a sentence, or closes what was opened before the address. */
const AFTER_LINK = /[.,;:!?)\]}*_~]+$/u;

/**
 * Keeps the list of files and links true, in the caller's transaction, after the messages were written. While
 * the store is locked messages only go.
 */
export async function keepShared(store: Store, changes: readonly MessageChange[]): Promise<void> {
  const altered = changes.flatMap(({ before }) => before?.row.id ?? []);
  if (altered.length > 0) await store.sharedFiles.where('messageId').anyOf(altered).delete();
  const rows = store.isUnlocked ? changes.flatMap(({ after }) => (after === undefined ? [] : sharedOf(after))) : [];
  if (rows.length > 0) await store.sharedFiles.bulkPut(rows);
}

/** The rows of a message; none of a deleted one. */
export function sharedOf(message: StoredMessage): SharedFileRow[] {
  const { row, attachments } = message;
  if (row.isDeleted || row.type === 'system' || row.type === 'encrypted') return [];
  const links = linksIn(textOf(message) ?? '').map((address, i): SharedFileRow => ({
    ...rowOf(row, attachments.length + i),
    id: `${row.id}/link/${i}`,
    kind: 'link',
    size: 0,
    name: address,
    facts: {},
  }));
  return [...attachments.map((one, i) => fileOf(row, one, i)), ...links];
}

const fileOf = (row: MessageRow, one: FileAttachmentRow, i: number): SharedFileRow => ({
  ...rowOf(row, i),
  id: one.id,
  kind: kindOf(row, one),
  ...(one.transferId === undefined ? {} : { transferId: one.transferId }),
  size: one.size,
  name: one.name,
  facts: {
    type: one.mimeType,
    ...(row.type === 'voice' ? { isVoice: true } : {}),
    ...(one.duration === undefined ? {} : { duration: one.duration }),
    ...(one.thumbnail === undefined ? {} : { hasThumbnail: true }),
  },
});

const rowOf = ({ id, conversationId, senderId, sortKey }: MessageRow, i: number) => ({
  messageId: id,
  conversationId,
  senderId,
  place: `${sortKey} ${String(99 - i).padStart(2, '0')}`,
});

function kindOf({ type }: MessageRow, { mimeType }: FileAttachmentRow): SharedFileRow['kind'] {
  if (type === 'voice' || mimeType.startsWith('audio/')) return 'audio';
  if (mimeType.startsWith('image/')) return 'image';
  return mimeType.startsWith('video/') ? 'video' : 'document';
}

const linksIn = (text: string): readonly string[] =>
  text.includes('://')
    ? [...new Set([...text.matchAll(LINK)].map(([link]) => link.replace(AFTER_LINK, '')))].slice(0, MOST_LINKS)
    : [];
