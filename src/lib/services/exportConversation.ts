import type { AccountId, ConversationId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ChangeMarks } from '../db/changes/apply.ts';
import { pageOf } from '../db/messages/pages.ts';
import { getRoom } from '../db/rooms.ts';
import type { ConversationRow, MessageRow } from '../db/store.ts';
import type { FileAttachment, FileHead, FileMessage, FileNotice, FilePerson } from '../domain/conversationFile.ts';
import type { Composer } from '../sync/compose.ts';
import type { NoticeFacts } from '../sync/notices.ts';
import { attachmentsOf } from './attachmentItems.ts';
import type { ConversationPiece } from './client.ts';
import { importedOf } from './imported.ts';
import { membersOf } from './members.ts';
import { accountsIn, namesIn } from './messageItems.ts';

/** Messages of one piece. */
const PIECE = 500;

/** A piece of everything of a conversation that can be read here, the oldest first. Refused: `not-found`. */
export async function exportConversation(
  { store, identity, clock }: Composer,
  id: ConversationId,
  after = '',
): Promise<Result<ConversationPiece>> {
  const room = await getRoom(store, id);
  if (room === undefined) return err({ code: 'not-found', retry: 'never' });
  const viewer = { store, identity };
  const page = await pageOf(store, { conversationId: id, after, limit: PIECE });
  // What can't be read says nothing to whoever reads the file.
  const rows = page.rows.filter(({ type }) => type !== 'encrypted');
  const names = await namesIn(viewer, rows, rows.flatMap(accountsIn));
  const person = (account: AccountId): FilePerson => ({ account, name: (names.get(account) ?? '').toWellFormed() });
  const attachments = await attachmentsOf(store, rows);
  const next = page.hasNewer ? page.rows.at(-1)?.sortKey : undefined;
  const head: FileHead = {
    id,
    title: room.title.toWellFormed(),
    kind: kindOf(room),
    exportedAt: timeText(clock.now()),
    exportedBy: identity.account,
    members: (await membersOf(viewer, room, [])).map(({ account, name }) => ({ account, name: name.toWellFormed() })),
  };
  return ok({
    head,
    messages: rows.map((row) => messageFrom(row, person, attachments.get(row.id) ?? [])),
    ...(next === undefined ? {} : { next }),
  });
}

function kindOf(room: ConversationRow): FileHead['kind'] {
  const imported = importedOf(room);
  if (imported !== undefined) return imported.kind;
  if (room.kind === 'system') return 'notes';
  return room.groupId === undefined ? 'direct' : 'group';
}

const timeText = (at: number): string => new Date(at).toISOString();

function messageFrom(
  row: MessageRow,
  person: (account: AccountId) => FilePerson,
  attachments: readonly FileAttachment[],
): FileMessage {
  const { reactions = [] } = (row.metadata ?? {}) as ChangeMarks;
  const notice = row.metadata?.['notice'] as NoticeFacts | undefined;
  return {
    id: row.id,
    at: timeText(row.timestamp),
    from: person(row.senderId),
    text: (row.content ?? '').toWellFormed(),
    ...(row.editedAt === undefined ? {} : { editedAt: timeText(row.editedAt) }),
    ...(row.isDeleted ? { isDeleted: true } : {}),
    ...(row.metadata?.['isForwarded'] === true ? { isForwarded: true } : {}),
    ...(row.replyTo === undefined ? {} : { replyTo: row.replyTo }),
    ...(row.parentMessageId === undefined ? {} : { thread: row.parentMessageId }),
    ...(reactions.length === 0
      ? {}
      : { reactions: reactions.map(({ emoji, users }) => ({ emoji, by: users.map(person) })) }),
    ...(attachments.length === 0
      ? {}
      : {
          attachments: attachments.map(({ name, type, size }) => ({
            name: name.toWellFormed(),
            type: type.toWellFormed(),
            size,
          })),
        }),
    ...(notice === undefined ? {} : { notice: noticeFrom(notice, person) }),
  };
}

function noticeFrom(facts: NoticeFacts, person: (account: AccountId) => FilePerson): FileNotice {
  const people = {
    ...('by' in facts && facts.by !== undefined ? { by: person(facts.by) } : {}),
    ...('who' in facts ? { who: facts.who.map(person) } : {}),
  };
  return { ...facts, ...people } as FileNotice;
}
