import { newId } from '../core/ids.ts';
import { settleStorage } from './faults.ts';
import type { Finding } from './integrity.ts';
import { mendBlock } from './messages/checkBlock.ts';
import { recountUnread } from './messages/readState.ts';
import { recount } from './messages/recount.ts';
import { messageTables } from './messages/whole.ts';
import type { Relation } from './declare.ts';
import { createRelationGraph } from './relations.ts';
import { declarationOf, schema, type TableName } from './schema.ts';
import { queueForSearch, searchQueueTables } from './search/queue.ts';
import type { ConversationRow, GroupRow, MessageRow, QuarantineRow, Store } from './store.ts';
import { SEALED, type AnyRow } from './validation.ts';

export interface Repair {
  readonly mended: readonly Finding[];
  /** What only a backup, the relay or a person can mend. */
  readonly left: readonly Finding[];
  /** Rows that were moved to `quarantine`, as they lay on disk. */
  readonly quarantined: number;
}

/** Without these the app is nobody, can't read, or would forget who is who: a damaged one is told and left. */
const vital: ReadonlySet<TableName> = new Set<TableName>([
  'keyStore',
  'relayLogin',
  'users',
  'devices',
  'contacts',
  'mlsGroups',
  'senderKeys',
  'schemaMigrations',
]);

/** Too much hangs on these to be moved away because the row above them is missing. */
const rooted: ReadonlySet<TableName> = new Set<TableName>(['contacts', 'devices', 'conversations', 'mlsGroups']);

const graph = createRelationGraph(schema);

/**
 * Mends what an integrity check found: counts are counted anew, a row that names one that is gone lets go
 * of it, and a row that can't be read or belongs to nothing is moved to `quarantine` with all that hangs on
 * it. A damaged message leaves a line that says so in its place; a damaged conversation loses its title and
 * draft, and no message. Nothing is dropped. Refused: `locked`.
 */
export async function repair(store: Store, findings: readonly Finding[], now: number): Promise<Repair> {
  const mended: Finding[] = [];
  const left: Finding[] = [];
  let quarantined = 0;
  const below = await store.beneath();
  try {
    for (const finding of findings) {
      const moved = await settleStorage(() => mend(store, below, finding, now));
      // What can't even be moved stays where it is; the rest is mended all the same.
      if (!moved.ok || moved.value === undefined) left.push(finding);
      else {
        mended.push(finding);
        quarantined += moved.value;
      }
    }
  } finally {
    below.close();
  }
  return { mended, left, quarantined };
}

/** @returns how many rows were moved away, `undefined` where nothing could be done. */
async function mend(store: Store, below: Store, finding: Finding, now: number): Promise<number | undefined> {
  const { kind, table, key, field } = finding;
  if (kind === 'unread-count') {
    await store.tx('rw', messageTables, () => recountUnread(store, key as ConversationRow['id'], now));
    return 0;
  }
  if (kind === 'message-count') {
    await recount(store, key as ConversationRow['id']);
    return 0;
  }
  if (kind === 'block-damaged') return rewriteBlock(store, below, finding, now);
  if (kind === 'wrong-count') {
    // The store counts whenever the row is written.
    await below.tx('rw', [table], async () => {
      const row = await rowsOf(below, table).get(key);
      if (row !== undefined) await rowsOf(below, table).put(row);
    });
    return 0;
  }
  if (kind === 'orphan') {
    const relation = declarationOf(table).relations.find(({ column }) => column === field);
    if (relation?.onDelete === 'setNull') return letGo(below, table, key, relation.column);
    if (relation === undefined || (await isMendedMeanwhile(below, table, key, relation))) return 0;
    return rooted.has(table) ? undefined : moveAway(store, below, finding, now);
  }
  if (kind !== 'seal-damaged' && kind !== 'invalid' && kind !== 'check-broken') return undefined;
  if (vital.has(table)) return undefined;
  const raw = await rowsOf(below, table).get(key);
  if (raw === undefined) return 0;
  const replacement = kind === 'seal-damaged' ? replacementFor(table, raw) : undefined;
  return replacement === undefined
    ? moveAway(store, below, finding, now)
    : replace(store, finding, raw, replacement, now);
}

/** A row that carries on in the place of one whose sealed columns are lost. */
function replacementFor(table: TableName, { [SEALED]: _lost, ...clear }: AnyRow): AnyRow | undefined {
  switch (table) {
    case 'messages':
      return { ...clear, type: 'encrypted', metadata: { reason: 'Tampered' } } satisfies Partial<MessageRow>;
    case 'conversations':
      return { ...clear, title: '' } satisfies Partial<ConversationRow>;
    case 'groups':
      return { ...clear, name: '' } satisfies Partial<GroupRow>;
    default:
      return undefined;
  }
}

async function replace(store: Store, finding: Finding, raw: AnyRow, row: AnyRow, now: number): Promise<number> {
  const { table } = finding;
  await store.tx('rw', [table, 'quarantine', ...searchQueueTables], async () => {
    await store.quarantine.add(quarantineRow(store, finding, table, raw, now));
    await rowsOf(store, table).put(row);
    if (table === 'messages') await queueForSearch(store, [row as unknown as MessageRow]);
  });
  return 1;
}

/** A block is written anew from its sound messages; where some are not, it is kept as it lay. */
async function rewriteBlock(store: Store, below: Store, finding: Finding, now: number): Promise<number> {
  const raw = await rowsOf(below, 'messagesArchive').get(finding.key);
  if (raw === undefined) return 0;
  const lost = await store.tx('rw', [...messageTables, 'quarantine'], async () => {
    const block = await store.messagesArchive.get(finding.key as [ConversationRow['id'], string]);
    if (block === undefined) return 0;
    const unsound = await mendBlock(store, block);
    if (unsound !== undefined && unsound > 0)
      await store.quarantine.add(quarantineRow(store, finding, 'messagesArchive', raw, now));
    return unsound;
  });
  if (lost === undefined) return moveAway(store, below, finding, now);
  return lost > 0 ? 1 : 0;
}

async function isMendedMeanwhile(below: Store, table: TableName, key: unknown, relation: Relation): Promise<boolean> {
  const row = await rowsOf(below, table).get(key);
  const value = row?.[relation.column];
  if (value === undefined) return true;
  const to = relation.to as TableName;
  const index = declarationOf(to).key === relation.target ? ':id' : relation.target;
  return (
    (
      await rowsOf(below, to)
        .where(index)
        .equals(value as string)
        .toArray()
    ).length > 0
  );
}

async function letGo(below: Store, table: TableName, key: unknown, column: string): Promise<number> {
  await below.tx('rw', [table], async () => {
    const row = await rowsOf(below, table).get(key);
    if (row === undefined) return;
    const { [column]: _gone, ...rest } = row;
    await rowsOf(below, table).put(rest);
  });
  return 0;
}

/** In one transaction of the locked connection, which sees rows as they lie on disk. */
async function moveAway(store: Store, below: Store, finding: Finding, now: number): Promise<number> {
  const { table, key } = finding;
  const reach = graph.reachOf([table]) as readonly TableName[];
  return below.tx('rw', [...reach, 'quarantine'], async () => {
    const root = await rowsOf(below, table).get(key);
    if (root === undefined) return 0;
    const all = [{ table, row: root }, ...(await descendantsOf(below, table, root))];
    await below.quarantine.bulkAdd(all.map((one) => quarantineRow(store, finding, one.table, one.row, now)));
    await rowsOf(below, table).delete(key);
    return all.length;
  });
}

/** All that would go with the row if it were deleted. */
async function descendantsOf(
  below: Store,
  table: TableName,
  row: AnyRow,
): Promise<{ table: TableName; row: AnyRow }[]> {
  const found: { table: TableName; row: AnyRow }[] = [];
  for (const child of graph.childrenOf(table).filter(({ onDelete }) => onDelete === 'cascade')) {
    const name = child.table as TableName;
    for (const one of await rowsOf(below, name)
      .where(child.column)
      .equals(row[child.target] as string)
      .toArray())
      found.push({ table: name, row: one }, ...(await descendantsOf(below, name, one)));
  }
  return found;
}

const quarantineRow = (
  store: Store,
  { kind, table, key, field }: Finding,
  tableName: TableName,
  row: AnyRow,
  foundAt: number,
): QuarantineRow => ({
  id: newId(store.random),
  tableName,
  reason: [kind, table, JSON.stringify(key), field].filter(Boolean).join(' '),
  foundAt,
  row,
});

interface AnyRows {
  get(key: unknown): PromiseLike<AnyRow | undefined>;
  put(row: AnyRow): PromiseLike<unknown>;
  delete(key: unknown): PromiseLike<void>;
  where(index: string): { equals(value: string): { toArray(): PromiseLike<AnyRow[]> } };
}
const rowsOf = (store: Store, table: TableName): AnyRows => store[table as 'users'];
