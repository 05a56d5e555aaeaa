import { openable } from '../db/openable.ts';
import type { AccountId, ConversationId, MessageId } from '../core/ids.ts';
import { chainFromBytes } from '../crypto/senderKey/chain.ts';
import { groupOfConversation } from '../db/mlsGroups.ts';
import { heldRecords, isChore, isBeginning, SCHEDULED, wishesIn } from '../db/outbox.ts';
import { unreadBehind } from '../db/messages/readState.ts';
import { messageById } from '../db/messages/find.ts';
import { pageOf, type Page } from '../db/messages/pages.ts';
import { listPreviews } from '../db/messages/previews.ts';
import type { ConversationRow, MessagePreviewRow, OfflineOperationRow, SenderKeyRow, Store } from '../db/store.ts';
import { skeletonOf } from '../domain/lookAlike.ts';
import { may } from '../domain/roles.ts';
import { lifetimeIn } from '../sync/lifetimes.ts';
import { heldBy } from '../sync/held.ts';
import type { NoticeFacts } from '../sync/notices.ts';
import { groupDetailsOf, membersOf } from './members.ts';
import { importedOf } from './imported.ts';
import { messageItems, namesIn, pinnedItems } from './messageItems.ts';
import { accountsInNotice, noticeItem } from './noticeItems.ts';
import { suiteLabel } from './suites.ts';
import { namesOf, type Names, type Viewer } from './viewer.ts';
import type { ConversationItem, ConversationView, PersonItem } from './client.ts';

/** What the page shows, read from the store: each function is one live query. */

/** All conversations: those that were pinned, then the liveliest first. */
export async function listConversations(viewer: Viewer): Promise<ConversationItem[]> {
  const { store } = viewer;
  // Read whole and sorted here: a walk along the index is several times slower.
  const rows = (await openable(store.conversations))
    .filter((row) => row.deactivatedAt === undefined)
    .sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || b.lastActivity - a.lastActivity);
  const pending = await pendingLanes(store);
  const previews = new Map((await listPreviews(store)).map((preview) => [preview.conversationId, preview]));
  const shown = [...previews.values()].map(({ message }) => message);
  const names = await namesIn(viewer, shown, shown.flatMap(accountsInPreview));
  return rows.map((row) => {
    const newest = previews.get(row.id);
    const item: ConversationItem = {
      id: row.id,
      kind: kindOf(row),
      title: row.title,
      draft: row.draft ?? '',
      unread: row.unreadCount,
      lastActivity: row.lastActivity,
      isPending: pending.has(row.id),
      isPinned: row.isPinned,
      isMuted: row.isMuted,
      isArchived: row.isArchived,
      isMarkedUnread: row.isMarkedUnread === true,
    };
    return newest === undefined ? item : { ...item, preview: previewOf(viewer, row, newest, names) };
  });
}

/** All contacts by name. */
export async function listPeople({ store, identity }: Viewer): Promise<PersonItem[]> {
  const rows = await openable(store.contacts);
  const names = [...rows.map((row) => row.displayName), identity.card.name];
  const bySkeleton = Map.groupBy(names, skeletonOf);
  return rows
    .map((row) => {
      const alike = [...(bySkeleton.get(skeletonOf(row.displayName)) ?? [])];
      alike.splice(alike.indexOf(row.displayName), 1);
      const [resembles] = row.isVerified ? [] : alike;
      return {
        account: row.contactId,
        name: row.displayName,
        isVerified: row.isVerified,
        addedAt: row.addedAt,
        ...(resembles === undefined ? {} : { resembles }),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name) || (a.account < b.account ? -1 : 1));
}

/**
 * One conversation with its newest `limit` messages, or with up to `limit` on either side of `around`;
 * `undefined` where there is none.
 */
export async function viewConversation(
  viewer: Viewer,
  id: ConversationId,
  limit: number,
  around?: MessageId,
): Promise<ConversationView | undefined> {
  const { store } = viewer;
  const row = await store.conversations.get(id);
  if (row === undefined) return undefined;
  const operations = await wishesIn(store, id);
  const held = (await heldRecords(store, store.clock.now())).filter(({ lane }) => lane === id);
  const { rows, hasOlder, hasNewer } = await stretchOf(store, id, limit, around);
  const members = await membersOf(viewer, row, operations);
  const group = await groupOfConversation(store, id);
  const chain =
    group === undefined
      ? undefined
      : await store.senderKeys.where('[groupId+epoch+leaf]').between([group, 0], [group, Infinity]).last();
  const own = members.find((member) => member.isSelf);
  const creates = operations.some(isBeginning);
  const isNotes = kindOf(row) === 'notes';
  const isMember = (isNotes || group !== undefined || creates) && row.metadata?.['leaving'] !== true;
  const details = await groupDetailsOf(viewer, row, operations, members);
  const isQuiet = details?.isChannel === true && own !== undefined && !may(own.role, 'write-channel');
  const isBlocked = row.contactId !== undefined && (await store.contacts.get(row.contactId))?.isBlocked === true;
  const canSend = isMember && !isQuiet && !isBlocked;
  const isGroup = kindOf(row) === 'group';
  const holding = await heldBy(viewer, id);
  const holders = await namesOf(viewer, holding);
  return {
    id,
    ...(group === undefined ? {} : { group }),
    kind: kindOf(row),
    title: row.title,
    draft: row.draft ?? '',
    isDraftHeard: row.metadata?.['heardDraft'] === (row.draft ?? ''),
    members,
    messages: await messageItems(viewer, id, rows),
    pinned: await pinnedItems(viewer, id),
    hasOlder,
    hasNewer,
    isPinned: row.isPinned,
    isMuted: row.isMuted,
    isArchived: row.isArchived,
    unread: row.unreadCount,
    lastReadSortKey: row.lastReadSortKey,
    late: (await unreadBehind(store, row)).map(({ id: late, sortKey }) => ({ id: late, sortKey })),
    isPending: creates,
    canSend,
    scheduled: operations.filter(({ operationType }) => operationType === SCHEDULED).length,
    ...undoableOf(held),
    heldBy: holding.map((account) => ({ account, name: holders.get(account) ?? '?' })),
    isMember,
    ...(isBlocked ? { isBlocked } : {}),
    disappearAfter: lifetimeIn(row, operations) ?? 0,
    canSetDisappearing: isMember && (details === undefined || details.canChange),
    ...(details === undefined ? {} : { details }),
    canAdd: isGroup && isMember && own !== undefined && may(own.role, 'add-member'),
    canRemove: isGroup && isMember && own !== undefined && may(own.role, 'remove-member'),
    canPin: canSend && (!isGroup || own === undefined || may(own.role, 'pin-message')),
    canDeleteAny: isGroup && canSend && own !== undefined && may(own.role, 'delete-any-message'),
    suite: suiteOf(chain),
    epoch: chain?.epoch ?? 0,
  };
}

/** The message that was sent last, while it can be undone. */
function undoableOf(held: readonly OfflineOperationRow[]): Pick<ConversationView, 'undoable'> {
  const last = held.at(-1);
  return last?.messageId === undefined ? {} : { undoable: { id: last.messageId, until: last.nextAttemptAt } };
}

/** The newest of a conversation, or what stands around one of its messages, while that is there. */
async function stretchOf(
  store: Store,
  conversationId: ConversationId,
  limit: number,
  around?: MessageId,
): Promise<Page> {
  const middle = around === undefined ? undefined : await messageById(store, around);
  if (middle?.conversationId !== conversationId) return pageOf(store, { conversationId, limit });
  const before = await pageOf(store, { conversationId, limit, before: middle.sortKey });
  const after = await pageOf(store, { conversationId, limit, after: middle.sortKey });
  return {
    rows: [...before.rows, middle, ...after.rows],
    hasOlder: before.hasOlder,
    hasNewer: after.hasNewer,
  };
}

/** How many operations wait, and how many failed. What waits for its time only is not counted. */
export async function countWaiting(store: Store): Promise<{ waiting: number; failed: number }> {
  const { offlineOperations } = store;
  // Of what is sent, which may be much, no row is read: it has the one or the other.
  const messages = await offlineOperations.where('messageId').above('').count();
  const changes = await offlineOperations.where('change').above('').count();
  const wishes = (await offlineOperations.where('operationType').notEqual('append').toArray()).filter(isVisible);
  const refused = await offlineOperations
    .where('[status+createdAt]')
    .between(['failed', -Infinity], ['failed', Infinity])
    .toArray();
  const failed = refused.filter(isVisible).length;
  const untimely = wishes.filter((row) => row.operationType === SCHEDULED && row.status !== 'failed').length;
  const held = (await heldRecords(store, store.clock.now())).filter(isVisible).length;
  return { waiting: messages + changes + wishes.length - failed - untimely - held, failed };
}

/** The suite of a group, as its newest chain says. */
function suiteOf(chain: SenderKeyRow | undefined): string {
  const decoded = chain === undefined ? undefined : chainFromBytes(chain.chainKey);
  return decoded?.ok === true ? suiteLabel(decoded.value.suite) : '';
}

function kindOf(row: ConversationRow): ConversationItem['kind'] {
  if (row.kind === 'system') return importedOf(row) === undefined ? 'notes' : 'imported';
  return row.groupId === undefined ? 'direct' : 'group';
}

/** Whether a person is told of it. Receipts go unnoticed. */
export const isVisible = (operation: OfflineOperationRow): boolean =>
  operation.operationType === 'append'
    ? operation.messageId !== undefined || operation.change !== undefined
    : !isChore(operation.operationType);

async function pendingLanes(store: Store): Promise<Set<string>> {
  const waiting = await store.offlineOperations.where('operationType').anyOf('create', 'join').toArray();
  return new Set(waiting.filter(isBeginning).map((operation) => operation.lane));
}

function accountsInPreview({ senderId, metadata }: MessagePreviewRow['message']): AccountId[] {
  const notice = metadata?.['notice'] as NoticeFacts | undefined;
  return notice === undefined ? [senderId] : accountsInNotice(notice);
}

function previewOf(
  { identity }: Viewer,
  conversation: ConversationRow,
  { status, message }: MessagePreviewRow,
  names: Names,
): NonNullable<ConversationItem['preview']> {
  const item = { text: message.content ?? '', ...(message.isDeleted ? { isDeleted: true } : {}) };
  const notice = message.metadata?.['notice'] as NoticeFacts | undefined;
  if (notice !== undefined) return { ...item, notice: noticeItem(notice, names, identity.account) };
  if (conversation.kind === 'system') return item;
  if (message.isOutgoing) return { ...item, state: status };
  return kindOf(conversation) === 'group' ? { ...item, author: names.get(message.senderId) ?? '' } : item;
}
