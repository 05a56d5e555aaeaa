import type { Bytes } from '../core/bytes.ts';
import { newId, type ConversationId, type MessageId } from '../core/ids.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { sealedSize } from '../crypto/fileCipher.ts';
import { wholeMessage } from '../db/messages/find.ts';
import type { FileAttachmentRow, FileTransferRow } from '../db/store.ts';
import { limits } from '../protocol/limits.ts';
import type { Composer } from '../sync/compose.ts';
import type { Session } from '../sync/session.ts';
import type { OutgoingFile } from './client.ts';
import { sendText, type About, type SentFile } from './messages.ts';
import { fetchBytes, looked, plainFile, sealBlob } from './fileBytes.ts';
import { sentFile } from './sentFile.ts';

/**
 * Files on messages. Their bytes are ciphertext in `fileChunks`, on the wire and at the relay; the key is in
 * the message. A whole file is never in memory while it is sealed: chunk after chunk goes to disk.
 */

/**
 * Seals files, stores them and sends the message that they hang on; their upload follows. Works offline.
 * Refused: `too-many-files`, `too-large`, and as sending a text.
 */
export async function sendFiles(
  composer: Composer,
  conversationId: ConversationId,
  files: readonly OutgoingFile[],
  text: string,
  about: About = {},
): Promise<Result<MessageId>> {
  const sealed = await sealFiles(composer, files);
  if (!sealed.ok) return sealed;
  const sent = await sendText(composer, conversationId, text, about, sealed.value);
  if (!sent.ok) await composer.store.fileTransfers.bulkDelete(sealed.value.map(({ transferId }) => transferId));
  return sent;
}

/** Seals files and stores them, to be hung on a message. Refused: `too-many-files`, `too-large`. */
export async function sealFiles(
  composer: Composer,
  files: readonly OutgoingFile[],
): Promise<Result<readonly SentFile[]>> {
  if (files.length === 0 || files.length > MOST_FILES) return err({ code: 'too-many-files', retry: 'person' });
  if (files.some(({ blob }) => sealedSize(blob.size) > limits.blob)) return err({ code: 'too-large', retry: 'person' });
  const sealed: SentFile[] = [];
  for (const file of files) sealed.push(await sealFile(composer, file));
  return ok(sealed);
}

const MOST_FILES = 10;

async function sealFile(composer: Composer, file: OutgoingFile): Promise<SentFile> {
  const { transferId, blobId, key, hash } = await sealBlob(composer, newId<string>(composer.random), file);
  return sentFile(transferId, {
    b: blobId,
    k: key,
    h: hash,
    n: file.name.slice(0, LONGEST_NAME),
    y: file.type.slice(0, 127),
    z: file.blob.size,
    ...(file.width === undefined ? {} : { w: file.width }),
    ...(file.height === undefined ? {} : { g: file.height }),
    ...(file.duration === undefined ? {} : { d: Math.round(file.duration) }),
    ...(file.thumbnail === undefined ? {} : { t: file.thumbnail }),
    ...(file.waveform === undefined ? {} : { l: file.waveform }),
  });
}

/** UTF-16 units: four times fit in the 255 bytes that the wire allows. */
const LONGEST_NAME = 63;

/** What is seen of a file before it is fetched: its small picture, or the loudness of a voice message. */
export async function fileThumbnail({ store }: Session, id: MessageId, index: number): Promise<Result<Bytes>> {
  const { attachment } = await findFile(store, id, index);
  return attachment?.thumbnail === undefined ? err(NOT_FOUND) : ok(attachment.thumbnail);
}

/**
 * The file itself, fetched if it is not here yet; a fetch that broke off goes on where it was.
 * Refused: `not-found`, `network`, `file-not-there-yet`, `file-damaged`, `file-paused`.
 */
export async function openFile(session: Session, id: MessageId, index: number): Promise<Result<Blob>> {
  const { attachment, transfer } = await findFile(session.store, id, index);
  if (attachment === undefined || transfer === undefined) return err(NOT_FOUND);
  const fetched = await fetchBytes(session, transfer);
  if (!fetched.ok) return fetched;
  await looked(session, transfer.transferId);
  return plainFile(session, transfer, attachment.mimeType);
}

async function findFile(
  store: Session['store'],
  id: MessageId,
  index: number,
): Promise<{ attachment?: FileAttachmentRow | undefined; transfer?: FileTransferRow | undefined }> {
  const whole = await wholeMessage(store, id);
  const attachment = whole?.attachments.find((one) => one.id === `${id}/${index}`);
  const transfer =
    attachment?.transferId === undefined ? undefined : await store.fileTransfers.get(attachment.transferId);
  return { attachment, transfer };
}

const NOT_FOUND: Fault<'not-found'> = { code: 'not-found', retry: 'never' };
