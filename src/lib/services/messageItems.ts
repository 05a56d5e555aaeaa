import type { AccountId, ConversationId, MessageId } from '../core/ids.ts';
import { notesConversationId } from '../crypto/identity.ts';
import type { ChangeMarks } from '../db/changes/apply.ts';
import { messageById, messagesAt } from '../db/messages/find.ts';
import type { MessageRow } from '../db/store.ts';
import { threadsOf } from '../db/threads.ts';
import type { NoticeFacts } from '../sync/notices.ts';
import type { MessageItem, PinnedItem, QuoteItem } from './client.ts';
import { attachmentsOf } from './attachmentItems.ts';
import { accountsInNotice, noticeItem } from './noticeItems.ts';
import { namesOf, type Names, type Viewer } from './viewer.ts';

/** Messages of one conversation as the page shows them, with what they answer and what hangs on them. */
export async function messageItems(
  viewer: Viewer,
  conversationId: ConversationId,
  rows: readonly MessageRow[],
): Promise<MessageItem[]> {
  const { store } = viewer;
  const hasStates = conversationId !== notesConversationId(viewer.identity.account);
  const quoted = await quotedBy(viewer, rows);
  const shown = [...rows, ...[...quoted.values()].flatMap((row) => row ?? [])];
  const names = await namesIn(viewer, shown, shown.flatMap(accountsIn));
  const quotes = new Map([...quoted].map(([id, row]) => [id, quoteItem(viewer, id, row, names)]));
  const threads = await threadsOf(
    store,
    conversationId,
    rows.map((row) => row.id),
  );
  const attachments = await attachmentsOf(store, rows);
  return rows.map((row) => {
    const files = attachments.get(row.id);
    const thread = threads.get(row.id);
    const quote = row.replyTo === undefined ? undefined : quotes.get(row.replyTo);
    const head = row.parentMessageId === undefined ? undefined : quotes.get(row.parentMessageId);
    return {
      ...messageItem(viewer, row, names, hasStates),
      ...(quote === undefined ? {} : { quote }),
      ...(head === undefined ? {} : { inThread: head }),
      ...(files === undefined ? {} : { attachments: files }),
      ...(thread === undefined ? {} : { thread: { replies: thread.replies, unread: thread.unread } }),
    };
  });
}

/** Names of these accounts, and those that messages from a file brought along. */
export const namesIn = async (
  viewer: Viewer,
  rows: readonly Pick<MessageRow, 'metadata'>[],
  accounts: readonly AccountId[],
): Promise<Names> =>
  new Map([
    ...(await namesOf(viewer, accounts)),
    ...rows.flatMap(({ metadata }) => Object.entries(metadata?.['names'] ?? {}) as [AccountId, string][]),
  ]);

/** What is pinned in a conversation, the latest pin first. */
export async function pinnedItems(viewer: Viewer, id: ConversationId): Promise<PinnedItem[]> {
  const { store } = viewer;
  const pins = await store.pinnedMessages
    .where('[conversationId+pinnedAt]')
    .between([id, -Infinity], [id, Infinity])
    .reverse()
    .limit(MOST_PINNED)
    .toArray();
  const rows = await messagesAt(
    store,
    pins.map(({ sortKey }) => ({ conversationId: id, sortKey })),
  );
  const names = await namesOf(viewer, [
    ...pins.map((pin) => pin.pinnedBy),
    ...rows.flatMap((row) => row?.senderId ?? []),
  ]);
  return pins.flatMap((pin, i) => {
    const row = rows[i];
    return row === undefined
      ? []
      : [{ ...quoteItem(viewer, row.id, row, names), by: nameOf(viewer, names, pin.pinnedBy) }];
  });
}

const MOST_PINNED = 20;

function messageItem(viewer: Viewer, row: MessageRow, names: Names, hasState: boolean): MessageItem {
  const self = viewer.identity.account;
  const marks = (row.metadata ?? {}) as ChangeMarks;
  const notice = row.metadata?.['notice'] as NoticeFacts | undefined;
  const reason = row.metadata?.['reason'];
  return {
    id: row.id,
    sortKey: row.sortKey,
    sender: row.senderId,
    senderName: names.get(row.senderId) ?? '',
    isOutgoing: row.isOutgoing,
    type: row.type === 'system' || row.type === 'encrypted' ? row.type : 'text',
    text: row.content ?? '',
    at: row.timestamp,
    ...(row.isOutgoing && hasState ? { state: row.status } : {}),
    ...(notice === undefined ? {} : { notice: noticeItem(notice, names, self) }),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(row.metadata?.['isForwarded'] === true ? { isForwarded: true } : {}),
    ...(row.editedAt === undefined ? {} : { editedAt: row.editedAt }),
    ...(row.expiresAt === undefined ? {} : { expiresAt: row.expiresAt }),
    ...(marks.hasConflict === true ? { hasConflict: true } : {}),
    ...(marks.pinnedBy === undefined ? {} : { isPinned: true }),
    ...(row.isDeleted ? { deletedBy: nameOf(viewer, names, marks.deletedBy ?? row.senderId) } : {}),
    ...(marks.reactions === undefined
      ? {}
      : {
          reactions: marks.reactions.map(({ emoji, users }) => ({
            emoji,
            isOwn: users.includes(self),
            names: users.map((user) => nameOf(viewer, names, user)),
          })),
        }),
  };
}

/** The messages that these rows answer, or whose threads they are in; those that are not here too. */
async function quotedBy(
  { store }: Viewer,
  rows: readonly MessageRow[],
): Promise<Map<MessageId, MessageRow | undefined>> {
  const wanted = new Set(rows.flatMap((row) => [row.replyTo ?? [], row.parentMessageId ?? []].flat()));
  const here = new Map(rows.map((row) => [row.id, row]));
  const quoted = new Map<MessageId, MessageRow | undefined>();
  for (const id of wanted) quoted.set(id, here.get(id) ?? (await messageById(store, id)));
  return quoted;
}

/** Whose names a message is shown with. */
export function accountsIn({ senderId, metadata }: MessageRow): AccountId[] {
  const { deletedBy, reactions = [] } = (metadata ?? {}) as ChangeMarks;
  const notice = metadata?.['notice'] as NoticeFacts | undefined;
  return [
    senderId,
    ...(deletedBy === undefined ? [] : [deletedBy]),
    ...reactions.flatMap(({ users }) => users),
    ...(notice === undefined ? [] : accountsInNotice(notice)),
  ];
}

function quoteItem(viewer: Viewer, id: MessageId, row: MessageRow | undefined, names: Names): QuoteItem {
  if (row === undefined) return { id, sortKey: '', name: '', text: '', isGone: true };
  const text = (row.content ?? '').slice(0, QUOTE_LENGTH);
  const isGone = row.isDeleted || row.type === 'encrypted';
  return { id, sortKey: row.sortKey, name: nameOf(viewer, names, row.senderId), text, isGone };
}

/** Letters of a message that a quote shows at most. */
const QUOTE_LENGTH = 280;

/** Oneself is the empty name. */
const nameOf = ({ identity }: Viewer, names: Names, account: AccountId): string =>
  account === identity.account ? '' : (names.get(account) ?? '?');
