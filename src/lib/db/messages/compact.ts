import type { ConversationId } from '../../core/ids.ts';
import type { Store } from '../store.ts';
import { LAST } from './archive.ts';
import { BLOCK, pack } from './pack.ts';
import { storedFromRows } from './satellites.ts';
import { isSettled } from './settled.ts';
import { messageTables } from './whole.ts';

/** The newest rows of a conversation, which no compaction touches. */
export const TAIL = 256;

/**
 * Packs rows behind the newest {@link TAIL} into blocks: one step, in one transaction, so that a message is a
 * row or in a block and never both or neither, whenever the app is killed.
 * @param from sort key to go on from. @param keep how many of the newest rows stay.
 * @returns where the next step goes on, `undefined` when there is nothing left to do.
 */
export async function compactStep(
  store: Store,
  conversationId: ConversationId,
  from = '',
  keep = TAIL,
): Promise<string | undefined> {
  return store.tx('rw', messageTables, async () => {
    const edge = await tailOf(store, conversationId, keep);
    if (edge === undefined) return undefined;
    const rows = await store.messages
      .where('[conversationId+sortKey]')
      .between([conversationId, from], [conversationId, edge], false, false)
      .limit(BLOCK)
      .toArray();
    const settled = (await storedFromRows(store, rows)).filter(isSettled);
    await pack(store, conversationId, settled);
    await store.messages.bulkDelete(settled.map(({ row }) => [conversationId, row.sortKey]));
    return rows.length < BLOCK ? undefined : rows.at(-1)?.sortKey;
  });
}

/** Whether there are enough rows behind the newest ones to make a block of. */
export async function isDue(store: Store, conversationId: ConversationId): Promise<boolean> {
  const rows = store.messages.where('[conversationId+sortKey]').between([conversationId, ''], [conversationId, LAST]);
  return (await rows.count()) >= TAIL + BLOCK;
}

/** The sort key of the oldest row that stays one. */
async function tailOf(store: Store, conversationId: ConversationId, keep: number): Promise<string | undefined> {
  if (keep === 0) return LAST;
  const [edge] = await store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, ''], [conversationId, LAST])
    .reverse()
    .offset(keep - 1)
    .limit(1)
    .primaryKeys();
  return edge?.[1];
}
