import { base64urlFromBytes, concat, utf8, type Bytes } from '../core/bytes.ts';
import { sortKeyOf, tick, type Stamp } from '../core/clock.ts';
import type { AccountId, ConversationId, DeviceId, MessageId } from '../core/ids.ts';
import { err, ok, refuse, type Result } from '../core/result.ts';
import { sha256 } from '../crypto/primitives.ts';
import { importMessages } from '../db/messages/importMessages.ts';
import { nothingHangs, type WholeMessage } from '../db/messages/whole.ts';
import { createRoom, deleteRoom, getRoom, reactivateRoom, updateRoom } from '../db/rooms.ts';
import type { FileAttachmentRow, MessageRow } from '../db/store.ts';
import { countReplies, markThreadsRead } from '../db/threads.ts';
import type { FileHead, FileMessage, FilePerson } from '../domain/conversationFile.ts';
import type { Session } from '../sync/session.ts';
import type { Progress } from './backup.ts';
import type { ConversationImported } from './client.ts';
import { fileFault, fileLimits, readConversationFile, type FileReader } from './conversationFile.ts';
import { importedOf, type Imported } from './imported.ts';

/** What is written at once, and in UTF-16 code units how much text. */
const BATCH = 8_192;
const BATCH_TEXT = 8 * 1024 * 1024;
/** Sorts behind every message: nothing of what a file brings is new to anybody. */
const ALL_READ = '~';

/**
 * Makes a conversation of a file. It is read twice: once to be checked to its end, and once to be written. Until
 * the last message is there the conversation is out of use, and whatever ends the work before takes it away.
 * Refused: `conversation-file-…`, `cancelled`, the store's faults.
 */
export async function importConversation(
  session: Session,
  file: Blob,
  progress: Progress,
): Promise<Result<ConversationImported>> {
  if (file.size > fileLimits.bytes) return err(fileFault('conversation-file-large', 'bytes'));
  const pieces = createReading(file, progress);
  const checked = await look(pieces());
  return session.locks.run(LOCK, async () => {
    await sweep(session);
    const { id, head, messages } = checked;
    const done = { conversation: id, title: head.title, messages };
    if ((await getRoom(session.store, id)) !== undefined) return ok({ ...done, isKnown: true });
    try {
      await write(session, checked, pieces());
    } catch (thrown) {
      await sweep(session);
      throw thrown;
    }
    return ok({ ...done, isKnown: false });
  });
}

/** Takes away what an import left that did not get to its end. */
export const sweepImports = (session: Session): Promise<void> => session.locks.run(LOCK, () => sweep(session));

const LOCK = 'conversation-import';

/** Refused: `not-found`, `not-allowed` (it did not come from a file). */
export async function dropImported({ store }: Session, id: ConversationId): Promise<Result<void>> {
  const room = await getRoom(store, id);
  if (room === undefined) return err({ code: 'not-found', retry: 'never' });
  if (importedOf(room) === undefined) return err({ code: 'not-allowed', retry: 'never' });
  await deleteRoom(store, id);
  return ok(undefined);
}

async function sweep({ store }: Session): Promise<void> {
  const rows = await store.conversations.where('deactivatedAt').above(0).toArray();
  for (const row of rows) if (importedOf(row) !== undefined) await deleteRoom(store, row.id);
}

interface Checked {
  readonly id: ConversationId;
  readonly digest: Bytes;
  readonly head: FileHead;
  readonly messages: number;
}

/** Reads a file to its end. Two files that say the same are the same conversation, whenever they were written. */
async function look(pieces: AsyncIterable<Uint8Array>, reader?: FileReader): Promise<Checked> {
  let head: FileHead | undefined;
  let messages = 0;
  let digest = sha256(utf8('cairn/1 conversation file\0'));
  const add = (value: unknown) => {
    digest = sha256(concat(digest, utf8(JSON.stringify(value))));
  };
  await readConversationFile(pieces, {
    head(read) {
      head = read;
      const { exportedAt: _at, ...rest } = read;
      add(rest);
      reader?.head(read);
    },
    message(message) {
      messages++;
      add(message);
      return reader?.message(message);
    },
  });
  if (head === undefined) return refuse(fileFault('conversation-file-damaged'));
  return { id: base64urlFromBytes(digest.subarray(0, 16)) as ConversationId, digest, head, messages };
}

async function write(session: Session, checked: Checked, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const { store, clock } = session;
  const { id, head, messages } = checked;
  const now = clock.now();
  const rowOf = createRows(checked, now);
  const imported: Imported = { kind: head.kind, members: head.members.map(rowOf.person), messages };
  await createRoom(
    store,
    {
      id,
      kind: 'system',
      title: head.title,
      lastReadSortKey: ALL_READ,
      deactivatedAt: now,
      metadata: { imported },
    },
    now,
  );
  let batch: WholeMessage[] = [];
  let size = 0;
  let added = 0;
  const flush = async () => {
    added += await importMessages(store, id, batch);
    await store.tx('rw', ['threads'], () =>
      countReplies(
        store,
        batch.map(({ row }) => row),
      ),
    );
    batch = [];
    size = 0;
  };
  const again = await look(pieces, {
    head: () => undefined,
    async message(message) {
      batch.push(rowOf.message(message));
      size += message.text.length;
      if (batch.length >= BATCH || size >= BATCH_TEXT) await flush();
    },
  });
  await flush();
  // Another file than the one that was checked, or one in which two messages are one.
  if (again.id !== id || added !== messages) refuse(fileFault('conversation-file-damaged', 'again'));
  await store.tx('rw', ['conversations', 'groups', 'groupMembers', 'threads'], async () => {
    await markThreadsRead(store, id, ALL_READ);
    await updateRoom(store, id, { unreadCount: 0, lastActivity: Math.min(rowOf.lastAt(), now) }, now);
    await reactivateRoom(store, id, now);
  });
}

/** Rows of a file's messages, in its order. Their ids come from the file's digest, so they are nobody else's. */
function createRows({ id: conversationId, digest }: Checked, now: number) {
  let stamp: Stamp = { ms: 0, count: 0 };
  let lastAt = 0;
  const bytesFor = (what: string, name: string): Bytes => sha256(concat(digest, utf8(`${what}\0${name}`)));
  const messageId = (name: string): MessageId =>
    base64urlFromBytes(bytesFor('message', name).subarray(0, 16)) as MessageId;
  const accounts = new Map<string, AccountId>();
  const accountOf = (account: string): AccountId => {
    const known = accounts.get(account);
    if (known !== undefined) return known;
    const made = base64urlFromBytes(bytesFor('person', account)) as AccountId;
    if (accounts.size < MOST_KEPT) accounts.set(account, made);
    return made;
  };
  const person = ({ account, name }: FilePerson) => ({ account: accountOf(account), name });

  /** Everybody whom a message names. */
  const peopleIn = ({ from, reactions = [], notice }: FileMessage): FilePerson[] => [
    from,
    ...reactions.flatMap(({ by }) => by),
    ...(notice !== undefined && 'by' in notice && notice.by !== undefined ? [notice.by] : []),
    ...(notice !== undefined && 'who' in notice ? notice.who : []),
  ];
  const noticeOf = (notice: NonNullable<FileMessage['notice']>) => ({
    ...notice,
    ...('by' in notice && notice.by !== undefined ? { by: accountOf(notice.by.account) } : {}),
    ...('who' in notice ? { who: notice.who.map((one) => accountOf(one.account)) } : {}),
  });

  return {
    person,
    lastAt: () => lastAt,
    message(message: FileMessage): WholeMessage {
      const id = messageId(message.id);
      const at = Date.parse(message.at);
      lastAt = Math.max(lastAt, at);
      // A clock that went wrong must not put an old message before what is said tomorrow.
      stamp = tick(stamp, Math.min(at, now));
      const reactions = message.reactions?.map(({ emoji, by }) => ({
        emoji,
        users: by.map((one) => accountOf(one.account)),
      }));
      const attachments = (message.attachments ?? []).map((one, i): FileAttachmentRow => ({
        id: base64urlFromBytes(bytesFor('file', `${message.id}\0${i}`).subarray(0, 16)),
        messageId: id,
        name: one.name,
        mimeType: one.type,
        size: one.size,
      }));
      const row: MessageRow = {
        id,
        conversationId,
        senderId: accountOf(message.from.account),
        type: message.notice !== undefined ? 'system' : attachments.length > 0 ? 'file' : 'text',
        ...(message.isDeleted === true ? {} : { content: message.text }),
        metadata: {
          names: Object.fromEntries(peopleIn(message).map(({ account, name }) => [accountOf(account), name])),
          ...(message.isForwarded === true ? { isForwarded: true } : {}),
          ...(reactions === undefined ? {} : { reactions }),
          ...(message.notice === undefined ? {} : { notice: noticeOf(message.notice) }),
        },
        isOutgoing: false,
        isEncrypted: false,
        status: 'read',
        sortKey: sortKeyOf(stamp, conversationId as string as DeviceId),
        timestamp: at,
        ...(message.thread === undefined ? {} : { parentMessageId: messageId(message.thread) }),
        ...(message.replyTo === undefined ? {} : { replyTo: messageId(message.replyTo) }),
        ...(message.editedAt === undefined ? {} : { editedAt: Math.max(at, Date.parse(message.editedAt)) }),
        isDeleted: message.isDeleted === true,
        ...(message.isDeleted === true ? { deletedAt: at } : {}),
        createdAt: now,
        updatedAt: now,
      };
      return { ...nothingHangs(), row, attachments };
    },
  };
}

/** People whose ids are remembered instead of made anew. */
const MOST_KEPT = 10_000;

/** A file that was changed or taken away meanwhile can't be read on. */
const next = async (reader: ReadableStreamDefaultReader<Uint8Array>) =>
  reader.read().catch(() => refuse(fileFault('conversation-file-damaged', 'unreadable')));

/** Opens the file from its start, as often as wanted, and tells how far that has come: it is read twice. */
function createReading(file: Blob, { report, isCancelled }: Progress): () => AsyncIterable<Uint8Array> {
  const total = 2 * file.size;
  let done = 0;
  return async function* pieces() {
    const reader = file.stream().getReader();
    try {
      for (let part = await next(reader); !part.done; part = await next(reader)) {
        if (isCancelled()) refuse({ code: 'cancelled', retry: 'now' });
        done += part.value.length;
        report(Math.min(done, total), total);
        yield part.value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  };
}
