import type { ConversationId } from '../../core/ids.ts';
import type { MessagesArchiveRow, Store } from '../store.ts';
import { addRows, inFreePlaces } from './add.ts';
import { blockFrom, blockFromOn, LAST } from './archive.ts';
import { readyForText, storedFrom } from './bodies.ts';
import { checkStored } from './check.ts';
import { TAIL } from './compact.ts';
import { knownMessages } from './find.ts';
import { note, type Stretch } from './ledger.ts';
import { BLOCK, chunks, openBlockBefore, pack } from './pack.ts';
import { isSettled } from './settled.ts';
import { messageTables, type StoredMessage, type WholeMessage } from './whole.ts';

/** Messages in one transaction, at most. */
const BATCH = 64 * BLOCK;

/**
 * Adds many messages of a conversation, such as the history of a linked device: straight into blocks, except
 * for the newest. Each batch is a transaction; messages that are there already are left as they are, so an
 * import that was cut off is simply done again.
 * @returns how many were new.
 * Refused: `validation`, `constraint`.
 */
export async function importMessages(
  store: Store,
  conversationId: ConversationId,
  messages: readonly WholeMessage[],
): Promise<number> {
  const sorted = [...messages].sort((a, b) => (a.row.sortKey < b.row.sortKey ? -1 : 1));
  await readyForText(sorted.reduce((longest, { row }) => Math.max(longest, row.content?.length ?? 0), 0) * 3);
  const edge = await tailWith(store, conversationId, sorted);
  const batchAt = (at: number): Batch | undefined =>
    at < sorted.length ? batchFrom(store, conversationId, sorted.slice(at, at + BATCH), edge, at) : undefined;
  let added = 0;
  let next = batchAt(0);
  while (next !== undefined) {
    const batch = next;
    added += await store.tx('rw', messageTables, () =>
      addBatch(store, conversationId, batch, () => {
        next = batchAt(batch.at + batch.all.length);
      }),
    );
  }
  return added;
}

/** Neighbours, oldest first, with the blocks that those of them are to lie in that are not to be rows. */
interface Batch {
  readonly all: readonly StoredMessage[];
  readonly rows: readonly StoredMessage[];
  readonly blocks: readonly MessagesArchiveRow[];
  /** Sort key of the oldest message that is to be a row. */
  readonly edge: string;
  /** How many messages of the import come before these. */
  readonly at: number;
}

/** @param messages from which the last few are left to the next batch where they don't fill a block. */
function batchFrom(
  store: Store,
  conversationId: ConversationId,
  messages: readonly WholeMessage[],
  edge: string,
  at: number,
): Batch {
  const stored = messages.map((message) => storedFrom(message));
  const { older, rows } = divided(stored, edge);
  const groups = chunks(older, 'full');
  const left = groups.length > 1 && messages.length === BATCH && rows.length === 0 ? (groups.at(-1)?.length ?? 0) : 0;
  const isLeft = left > 0 && left < BLOCK;
  if (isLeft) groups.pop();
  const blocks = groups.map((group) => blockFrom(conversationId, group));
  store.prepare('messagesArchive', blocks);
  return { all: isLeft ? stored.slice(0, -left) : stored, rows, blocks, edge, at };
}

/** What is to lie in blocks, held against the rules of the tables, and what is to be rows. */
function divided(messages: readonly StoredMessage[], edge: string) {
  const older: StoredMessage[] = [];
  const rows: StoredMessage[] = [];
  for (const message of messages) {
    const isBlockwise = message.row.sortKey < edge && isSettled(message);
    if (isBlockwise) checkStored(message);
    (isBlockwise ? older : rows).push(message);
  }
  return { older, rows };
}

/** @param meanwhile work that needs no database, done while it writes. */
async function addBatch(
  store: Store,
  conversationId: ConversationId,
  batch: Batch,
  meanwhile: () => void,
): Promise<number> {
  if (await fitsAsItIs(store, conversationId, batch)) {
    const { all, rows, blocks } = batch;
    const stretch: Stretch = { from: all[0]?.row.sortKey ?? '', to: all.at(-1)?.row.sortKey ?? '' };
    await Promise.all([
      // Asks first, while there is nothing to wait behind.
      note(store, conversationId, changesFrom(all), { stretch }),
      blocks.length > 0 ? store.messagesArchive.bulkAdd([...blocks]) : undefined,
      rows.length > 0 ? addRows(store, rows) : undefined,
      // Answered behind the questions that go before the writing, so by now that has been asked for.
      store.conversations.get(conversationId).then(meanwhile),
    ]);
    return all.length;
  }
  const fresh = await addAmong(store, conversationId, batch);
  meanwhile();
  await note(store, conversationId, changesFrom(fresh), { stretch: undefined });
  return fresh.length;
}

const changesFrom = (messages: readonly StoredMessage[]) => messages.map((after) => ({ after }));

/** Adds what is not there yet, in places of its own. @returns what was added. */
async function addAmong(
  store: Store,
  conversationId: ConversationId,
  { all, edge }: Batch,
): Promise<readonly StoredMessage[]> {
  const seen = await knownMessages(
    store,
    all.map(({ row }) => row.id),
  );
  const isNew = ({ row }: StoredMessage): boolean => !seen.has(row.id) && seen.add(row.id) !== undefined;
  const fresh = await inFreePlaces(store, all.filter(isNew));
  const { older, rows } = divided(fresh, edge);
  await pack(store, conversationId, older);
  if (rows.length > 0) await addRows(store, rows);
  return fresh;
}

/**
 * Whether nothing stands between the first and the last of a batch, no two of it have one id or stand at one
 * place, none is there already, and no block that is there has room for the first.
 */
async function fitsAsItIs(store: Store, conversationId: ConversationId, { all, blocks, at }: Batch): Promise<boolean> {
  const [first = '', last = ''] = [all[0]?.row.sortKey, all.at(-1)?.row.sortKey];
  if (all.some(({ row }, i) => row.sortKey === all[i + 1]?.row.sortKey)) return false;
  if (new Set(all.map(({ row }) => row.id)).size < all.length) return false;
  const rows = store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, first], [conversationId, last], true, true);
  if ((await rows.limit(1).primaryKeys()).length > 0) return false;
  const near = await blockFromOn(store, conversationId, first);
  if (near !== undefined && near.first <= last) return false;
  // What the batch before left unfilled, it left so because of the month or because of its size.
  return at > 0 || blocks.length === 0 || (await openBlockBefore(store, conversationId, first)) === undefined;
}

/** The sort key that the newest {@link TAIL} messages begin with, once these are there. */
async function tailWith(
  store: Store,
  conversationId: ConversationId,
  sorted: readonly WholeMessage[],
): Promise<string> {
  const rows = await store.messages
    .where('[conversationId+sortKey]')
    .between([conversationId, ''], [conversationId, LAST])
    .reverse()
    .limit(TAIL)
    .primaryKeys();
  const keys = [...rows.map(([, sortKey]) => sortKey), ...sorted.slice(-TAIL).map(({ row }) => row.sortKey)];
  return keys.sort().reverse()[TAIL - 1] ?? '';
}
