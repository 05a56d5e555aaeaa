import type { MessageId } from '../../core/ids.ts';
import type { MessageRow, Store } from '../store.ts';
import { alterMessages } from './alter.ts';
import { keepPreviewStatus } from './previews.ts';

type Status = MessageRow['status'];

const STEPS: readonly Status[] = ['queued', 'stale', 'failed', 'sent', 'delivered', 'read'];

/** Says how far an own message got, inside the caller's transaction. Works while the store is locked. */
export async function setStatus(store: Store, id: MessageId, status: Status): Promise<void> {
  await moveStatus(store, [id], () => status);
}

/** Moves own messages forward, never back, inside the caller's transaction. Works while the store is locked. */
export async function advanceMessages(
  store: Store,
  ids: readonly MessageId[],
  status: 'sent' | 'delivered' | 'read',
): Promise<void> {
  await moveStatus(store, ids, (now) => (STEPS.indexOf(now) < STEPS.indexOf(status) ? status : now));
}

async function moveStatus(store: Store, ids: readonly MessageId[], next: (now: Status) => Status): Promise<void> {
  if (ids.length === 0) return;
  const rows = await store.messages.where('id').anyOf(ids).toArray();
  for (const { id, conversationId, sortKey, status: now } of rows) {
    const status = next(now);
    if (status === now) continue;
    await store.messages.update([conversationId, sortKey], { status });
    await keepPreviewStatus(store, conversationId, id, status);
  }
  // What waits is a row, so a locked app finds everything that it moves.
  if (rows.length === ids.length || !store.isUnlocked) return;
  const there = new Set(rows.map((row) => row.id));
  await alterMessages(
    store,
    ids.filter((id) => !there.has(id)),
    (whole) => ({ ...whole, row: { ...whole.row, status: next(whole.row.status) } }),
  );
}
