import type { ConversationId } from '../core/ids.ts';
import { keepForLater, laterContentsBelow } from '../db/changes/later.ts';
import { alterMessage } from '../db/messages/alter.ts';
import { messageById } from '../db/messages/find.ts';
import type { LaterContentRow, MessageRow } from '../db/store.ts';
import { countReplies } from '../db/threads.ts';
import { saidIn } from './asking.ts';
import { applyWaiting, type Sender } from './changes.ts';
import { CONTENT_VERSION, type TextContent } from './content.ts';
import { placeOfLater } from './contentKinds.ts';
import { applyContents, contentTables, messageFrom, placeOf } from './contents.ts';
import type { Opened } from './opening.ts';
import { addFiles } from './files.ts';
import type { Session } from './session.ts';

/**
 * Puts aside what a newer app sent, inside the caller's transaction.
 * @returns the line that holds its place in the conversation, if it is a message
 */
export async function putAside(
  session: Session,
  conversationId: ConversationId,
  { record }: Opened,
  sender: Sender,
): Promise<MessageRow | undefined> {
  const now = session.clock.now();
  await keepForLater(session.store, {
    id: record.messageId,
    conversationId,
    senderId: sender.accountId,
    deviceId: sender.deviceId,
    role: sender.role,
    content: new Uint8Array(record.plaintext),
    version: CONTENT_VERSION,
    receivedAt: now,
  });
  const sentAt = placeOfLater(record.plaintext);
  if (sentAt === undefined || !sentAt.endsWith(`-${sender.deviceId}`)) return undefined;
  const { metadata, ...place } = placeOf(sentAt, sender.deviceId, now);
  return {
    id: record.messageId,
    conversationId,
    senderId: sender.accountId,
    deviceId: sender.deviceId,
    type: 'encrypted',
    isOutgoing: false,
    isEncrypted: true,
    status: 'delivered',
    ...place,
    metadata: { ...metadata, reason: 'UnsupportedVersion' },
    isDeleted: false,
    createdAt: now,
    updatedAt: now,
  };
}

/** After an update: looks again at everything that an older app put aside. What it now says is applied. */
export async function retryLater(session: Session): Promise<void> {
  const { store } = session;
  for (const row of await laterContentsBelow(store, CONTENT_VERSION)) {
    await store.tx('rw', contentTables, async () => {
      // Another tab may have been here.
      const still = await store.laterContents.get(row.id);
      if (still !== undefined && still.version < CONTENT_VERSION) await retry(session, still);
    });
  }
}

async function retry(session: Session, row: LaterContentRow): Promise<void> {
  const { store } = session;
  const { id: recordId, deviceId: device, content: bytes } = row;
  const said = await saidIn(store, row.conversationId, { id: recordId, device, bytes });
  if (!said.ok && said.error.code === 'wrong-version') {
    await store.laterContents.update(row.id, { version: CONTENT_VERSION });
    return;
  }
  await store.laterContents.delete(row.id);
  const placeholder = await messageById(store, row.id);
  if (!said.ok) {
    if (placeholder !== undefined) await explain(session, placeholder, 'Malformed');
  } else if (said.value.content.k === 'text' && placeholder?.type === 'encrypted') {
    await fill(session, placeholder, row, said.value.content);
  } else {
    const sender = { accountId: row.senderId, deviceId: row.deviceId, role: row.role };
    await applyContents(session, row.conversationId, [{ ...said.value, sender }], []);
  }
}

/** The line that held its place becomes the message. */
async function fill(
  session: Session,
  { sortKey, timestamp, createdAt }: MessageRow,
  row: LaterContentRow,
  content: TextContent,
): Promise<void> {
  const { store, clock } = session;
  const sender = { accountId: row.senderId, deviceId: row.deviceId };
  const isOwn = row.senderId === session.identity.account;
  const message = {
    ...messageFrom(row.conversationId, sender, row.id, content, clock.now(), undefined, isOwn),
    sortKey,
    timestamp,
    createdAt,
  };
  const attachments = [...(await addFiles(session, row.id, content.a ?? []))];
  await alterMessage(store, row.id, (whole) => ({ ...whole, attachments, row: message }));
  await countReplies(store, [message]);
  await applyWaiting(session, row.conversationId, [row.id]);
}

const explain = async ({ store }: Session, { id }: MessageRow, reason: string): Promise<void> => {
  await alterMessage(store, id, (whole) => ({
    ...whole,
    row: { ...whole.row, metadata: { ...whole.row.metadata, reason } },
  }));
};
