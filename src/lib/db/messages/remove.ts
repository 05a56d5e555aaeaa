import type { ConversationId, MessageId } from '../../core/ids.ts';
import type { MessageRow, Store } from '../store.ts';
import { alterMessage } from './alter.ts';
import { messagesIn, replaceBlock } from './archive.ts';
import { note } from './ledger.ts';
import { timeKey } from './lookups.ts';
import { BLOCK } from './pack.ts';
import { storedFromRows } from './satellites.ts';
import { isWaiting } from './settled.ts';
import { messageTables, nothingHangs, type MessageChange, type WholeMessage } from './whole.ts';

/**
 * Soft delete inside the caller's transaction: a tombstone stays, without text, reactions and attachments.
 * The log of changes and the receipts stay.
 */
export async function deleteMessage(store: Store, id: MessageId, now: number): Promise<WholeMessage | undefined> {
  return alterMessage(store, id, (whole) => {
    const { content: _content, metadata: _metadata, ...row } = whole.row;
    return {
      ...nothingHangs(),
      changes: whole.changes,
      receipts: whole.receipts,
      row: { ...row, isDeleted: true, deletedAt: now, updatedAt: now },
    };
  });
}

/** Hard delete inside the caller's transaction: nothing is left, neither here nor of what hung on it. */
export async function eraseMessage(store: Store, id: MessageId): Promise<void> {
  await alterMessage(store, id, () => undefined);
}

/** Messages removed in one transaction. */
const BATCH = 256;

/**
 * Erases messages whose time is over, at most `limit`, inside the caller's transaction. Works while the store
 * is locked. @returns how many.
 */
export async function eraseExpired(store: Store, now: number, limit: number): Promise<number> {
  const rows = await store.messages.where('expiresAt').belowOrEqual(now).limit(limit).toArray();
  await eraseRows(store, rows);
  return rows.length;
}

/**
 * Erases what was sent before `time`, rows and blocks, except for what still waits to be sent; batch by
 * batch, each in a transaction.
 * @param time milliseconds since the epoch, UTC. @param conversationId only there.
 * @returns how many messages.
 */
export async function eraseOlderThan(store: Store, time: number, conversationId?: ConversationId): Promise<number> {
  const ids = conversationId === undefined ? await store.conversations.toCollection().primaryKeys() : [conversationId];
  let erased = 0;
  for (const id of ids) {
    for (const step of [eraseBlocks, eraseRowsBefore]) {
      let from: string | undefined = '';
      while (from !== undefined) {
        const start: string = from;
        const done = await store.tx('rw', messageTables, () => step(store, id, start, timeKey(time)));
        erased += done.erased;
        from = done.next;
      }
    }
  }
  return erased;
}

interface Step {
  readonly erased: number;
  /** Where to go on; absent at the end. */
  readonly next?: string | undefined;
}

async function eraseBlocks(store: Store, conversationId: ConversationId, from: string, before: string): Promise<Step> {
  const blocks = await store.messagesArchive
    .where('[conversationId+firstSortKey]')
    .between([conversationId, from], [conversationId, before])
    .limit(BATCH / BLOCK)
    .toArray();
  const gone: MessageChange[] = [];
  for (const block of blocks) {
    const messages = messagesIn(block);
    gone.push(...messages.filter(({ row }) => row.sortKey < before).map((message) => ({ before: message })));
    await replaceBlock(store, block, [messages.filter(({ row }) => row.sortKey >= before)]);
  }
  await note(store, conversationId, gone);
  return { erased: gone.length, next: blocks.length === 0 ? undefined : blocks.at(-1)?.lastSortKey };
}

async function eraseRowsBefore(
  store: Store,
  conversationId: ConversationId,
  from: string,
  before: string,
): Promise<Step> {
  const rows = await store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, from], [conversationId, before], false, false)
    .limit(BATCH)
    .toArray();
  const over = rows.filter(({ status }) => !isWaiting(status));
  await eraseRows(store, over);
  return { erased: over.length, next: rows.length < BATCH ? undefined : rows.at(-1)?.sortKey };
}

async function eraseRows(store: Store, rows: readonly MessageRow[]): Promise<void> {
  const changes = new Map<ConversationId, MessageChange[]>();
  for (const before of await storedFromRows(store, rows)) {
    const { conversationId } = before.row;
    changes.set(conversationId, [...(changes.get(conversationId) ?? []), { before }]);
  }
  await store.messages.bulkDelete(rows.map(({ conversationId, sortKey }) => [conversationId, sortKey]));
  for (const [conversationId, some] of changes) await note(store, conversationId, some);
}
