import { pageOfShared } from '../db/sharedFiles.ts';
import type { ConversationRow, FileTransferRow, SharedFileRow } from '../db/store.ts';
import { stateOf } from './attachmentItems.ts';
import type { SharedItem, SharedPage, SharedQuery } from './filesClient.ts';
import { namesOf, type Names, type Viewer } from './viewer.ts';

/** One page of what was shared, the newest first: one live query. */
export async function viewShared(viewer: Viewer, query: SharedQuery): Promise<SharedPage> {
  const { store } = viewer;
  const { conversation: conversationId, limit, ...rest } = query;
  const { rows, next } = await pageOfShared(store, { ...rest, conversationId, limit: Math.min(limit, MOST) });
  const ids = [...new Set(rows.map((row) => row.conversationId))];
  const [conversations, transfers, names] = await Promise.all([
    store.conversations.bulkGet(ids),
    store.fileTransfers.bulkGet(rows.map((row) => row.transferId ?? '')),
    namesOf(
      viewer,
      rows.map(({ senderId }) => senderId),
    ),
  ]);
  const titles = new Map(conversations.flatMap((row) => (row === undefined ? [] : [[row.id, row.title]])));
  const items = rows.map((row, i) => itemOf(viewer, row, transfers[i], names, titles));
  return next === undefined ? { items } : { items, next };
}

/** Items of a page, whatever is asked for. */
const MOST = 200;

function itemOf(
  { identity }: Viewer,
  row: SharedFileRow,
  transfer: FileTransferRow | undefined,
  names: Names,
  titles: ReadonlyMap<ConversationRow['id'], string>,
): SharedItem {
  const { id, messageId, conversationId, kind, name, size, senderId, facts, place } = row;
  return {
    id,
    message: messageId,
    index: Number(id.slice(id.lastIndexOf('/') + 1)),
    conversation: conversationId,
    title: titles.get(conversationId) ?? '',
    kind,
    isVoice: facts.isVoice === true,
    name,
    size,
    ...(facts.duration === undefined ? {} : { duration: facts.duration }),
    hasThumbnail: facts.hasThumbnail === true,
    sender: senderId === identity.account ? '' : (names.get(senderId) ?? '?'),
    at: Number.parseInt(place.slice(0, 12), 16),
    state: kind === 'link' ? 'here' : stateOf(transfer),
    progress: transfer?.progress ?? 0,
  };
}
