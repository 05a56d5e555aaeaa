import { newId, type ConversationId, type MessageId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { wholeMessage } from '../db/messages/find.ts';
import type { FileAttachmentRow } from '../db/store.ts';
import { fileContentOf } from '../sync/fileContent.ts';
import { inboundTransfer } from '../sync/files.ts';
import type { Composer } from '../sync/compose.ts';
import { sendText, type SentFile } from './messages.ts';
import { sentFile } from './sentFile.ts';

/**
 * Sends messages again in other conversations, in their order, marked as passed on; their files are named,
 * not uploaded again. Who wrote them is not told. Refused: `not-found`, `not-a-member`; what was sent before
 * a refusal stays sent.
 */
export async function forwardMessages(
  composer: Composer,
  ids: readonly MessageId[],
  to: readonly ConversationId[],
): Promise<Result<void>> {
  const found = await Promise.all(ids.map((id) => wholeMessage(composer.store, id)));
  const messages = found
    .flatMap((whole) => (whole === undefined || whole.row.isDeleted ? [] : [whole]))
    .filter(({ row }) => row.type !== 'system' && row.type !== 'encrypted')
    .sort((a, b) => (a.row.sortKey < b.row.sortKey ? -1 : 1));
  if (messages.length === 0 || to.length === 0) return err({ code: 'not-found', retry: 'never' });
  for (const conversation of to) {
    for (const { row, attachments } of messages) {
      const files = (await Promise.all(attachments.map((one) => again(composer, one)))).filter(
        (one) => one !== undefined,
      );
      const about = { isForwarded: true };
      const sent = await sendText(composer, conversation, row.content ?? '', about, files, { isAside: true });
      if (!sent.ok) return sent;
    }
  }
  return ok(undefined);
}

/** The same blob under a transfer of its own, so that either message can go without the other's file. */
async function again({ store, random, clock }: Composer, row: FileAttachmentRow): Promise<SentFile | undefined> {
  const content = await fileContentOf(store, row);
  if (content === undefined) return undefined;
  const transferId = newId<string>(random);
  await store.fileTransfers.add(inboundTransfer(transferId, content, clock.now()));
  return { ...sentFile(transferId, content), isHere: true };
}
