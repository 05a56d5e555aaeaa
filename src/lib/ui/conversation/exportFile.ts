import type { ConversationId } from '../../core/ids.ts';
import { ok, type Result } from '../../core/result.ts';
import { CLOSING, linesOf, openingOf, type FileHead, type FileMessage } from '../../domain/conversationFile.ts';
import type { CairnClient } from '../../services/client.ts';
import { PAGE_END, pageMessages, pageStart, type ExportWords } from './exportPage.ts';

/** How a conversation is written, piece by piece. */
interface Writing {
  readonly type: string;
  start(head: FileHead): string;
  messages(messages: readonly FileMessage[], head: FileHead, isFirst: boolean): string;
  readonly end: string;
}

/** JSON that other programs can read. */
export const asJson: Writing = {
  type: 'application/json',
  start: openingOf,
  messages: (messages, _head, isFirst) => linesOf(messages, isFirst),
  end: CLOSING,
};

/** One page for people. @param wordsOf of the time at which it is made, in milliseconds since the epoch */
export function asPage(wordsOf: (made: number) => ExportWords): Writing {
  const words = ({ exportedAt }: FileHead): ExportWords => wordsOf(Date.parse(exportedAt));
  // Lines of the app itself say nothing that was said.
  const said = ({ notice }: FileMessage): boolean => notice === undefined;
  return {
    type: 'text/html',
    start: (head) => pageStart(head.title, words(head)),
    messages: (messages, head) => pageMessages(messages.filter(said), head.exportedBy, words(head)),
    end: PAGE_END,
  };
}

/**
 * A conversation as one file. Pieces become blobs, which browsers keep outside of the program's memory, so that
 * never more than one of them is held. Refused: `not-found`.
 * @param tell how many messages are in it by now
 */
export async function exportFile(
  client: Pick<CairnClient, 'exportConversation'>,
  id: ConversationId,
  { type, start, messages, end }: Writing,
  tell: (count: number) => void = () => undefined,
): Promise<Result<{ readonly file: Blob; readonly head: FileHead }>> {
  const pieces: Blob[] = [];
  let head: FileHead | undefined;
  let count = 0;
  for (let after: string | undefined; ;) {
    const piece = await client.exportConversation(id, after);
    if (!piece.ok) return piece;
    if (head === undefined) pieces.push(new Blob([start(piece.value.head)]));
    head ??= piece.value.head;
    pieces.push(new Blob([messages(piece.value.messages, head, count === 0)]));
    count += piece.value.messages.length;
    tell(count);
    after = piece.value.next;
    if (after === undefined) return ok({ file: new Blob([...pieces, end], { type }), head });
  }
}
