import { faultOf, type Fault } from '../core/result.ts';
import { verifyAudit } from './auditLog.ts';
import type { AnyTable } from './declare.ts';
import { refuseStorage, settleStorage } from './faults.ts';
import { faultInBlock } from './messages/checkBlock.ts';
import { countUnread } from './messages/readState.ts';
import { isCountRight } from './messages/recount.ts';
import { presentPlan, spelled } from './migrations.ts';
import { valueAt } from './relations.ts';
import { declarationOf, tableNames, type TableName } from './schema.ts';
import type { MessagesArchiveRow, Store } from './store.ts';
import { validate, type AnyRow } from './validation.ts';

/**
 * Whether the store keeps every promise of its declaration. It asks in small transactions, so that whoever
 * works meanwhile is not held up; a row that changes between two of them may be asked about twice.
 */

export type FindingKind =
  | 'seal-damaged'
  | 'invalid'
  | 'check-broken'
  | 'orphan'
  | 'not-unique'
  | 'too-many'
  | 'wrong-count'
  | 'unread-count'
  | 'message-count'
  | 'block-damaged'
  | 'audit-broken'
  | 'migration';

export interface Finding {
  readonly kind: FindingKind;
  readonly table: TableName;
  /** Primary key of the row, as IndexedDB has it. */
  readonly key: unknown;
  /** A column, or the name of a rule. */
  readonly field?: string;
}

export interface IntegrityReport {
  readonly rows: number;
  readonly findings: readonly Finding[];
  /** Whether somebody broke it off before the end. */
  readonly isWhole: boolean;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

const SLICE = 250;

/**
 * Looks at every row of every table: its seal opens, its columns and checks hold, the rows it names exist,
 * what is unique is, limits and stored counts are right, blocks hold what they say, and the audit log is whole.
 * Refused: `locked`.
 * @param tell after each slice. @returns false to break it off.
 */
export async function checkIntegrity(store: Store, tell: (progress: Progress) => boolean): Promise<IntegrityReport> {
  if (!store.isUnlocked) refuseStorage('locked');
  const findings: Finding[] = [];
  const counts = await Promise.all(tableNames.map((name) => store[name].count()));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let done = 0;
  const report = (isWhole: boolean): IntegrityReport => ({ rows: done, findings, isWhole });

  for (const table of tableNames) {
    for (let after: unknown; ;) {
      const slice = await checkSlice(store, table, after);
      findings.push(...slice.findings);
      done += slice.rows;
      if (!tell({ done: Math.min(done, total), total })) return report(false);
      if (slice.last === undefined) break;
      after = slice.last;
    }
    findings.push(...(await checkUnique(store, table)), ...(await checkChildren(store, table)));
  }
  findings.push(...(await checkCounts(store)), ...(await checkAudit(store)), ...(await checkBooks(store)));
  return report(true);
}

/** What code that works on all tables asks of one. */
interface AnyStoreTable {
  toCollection(): Keys;
  where(index: string): { above(key: unknown): Keys; equals(key: unknown): Keys; anyOf(keys: unknown[]): Keys };
  orderBy(index: string): Keys;
  get(key: unknown): PromiseLike<AnyRow | undefined>;
  bulkGet(keys: unknown[]): PromiseLike<(AnyRow | undefined)[]>;
}
interface Keys {
  limit(count: number): Keys;
  count(): PromiseLike<number>;
  keys(): PromiseLike<unknown[]>;
  primaryKeys(): PromiseLike<unknown[]>;
}
const anyTable = (store: Store, name: string): AnyStoreTable => store[name as 'users'] as unknown as AnyStoreTable;

async function checkSlice(
  store: Store,
  name: TableName,
  after: unknown,
): Promise<{ findings: Finding[]; rows: number; last: unknown }> {
  const declaration = declarationOf(name);
  const parents = declaration.relations.map(({ to }) => to as TableName);
  return store.tx('r', [name, ...parents], async () => {
    const table = anyTable(store, name);
    const range = after === undefined ? table.toCollection() : table.where(':id').above(after);
    const keys = await range.limit(SLICE).primaryKeys();
    const findings: Finding[] = [];
    const rows: { key: unknown; row: AnyRow }[] = [];
    for (const { key, row, fault } of await openEach(table, keys)) {
      if (fault?.code === 'sealed-value-damaged') findings.push({ kind: 'seal-damaged', table: name, key });
      if (row === undefined) continue;
      rows.push({ key, row });
      const broken = ruleBroken(name, declaration, row);
      if (broken !== undefined) findings.push({ ...broken, table: name, key });
      else if (name === 'messagesArchive') {
        const field = faultInBlock(row as unknown as MessagesArchiveRow);
        if (field !== undefined) findings.push({ kind: 'block-damaged', table: name, key, field });
      }
    }
    for (const { column, to, target } of declaration.relations) {
      const values = [...new Set(rows.flatMap(({ row }) => row[column] ?? []))];
      if (values.length === 0) continue;
      const parent = anyTable(store, to);
      const isKey = declarationOf(to as TableName).key === target;
      const found = new Set(
        await parent
          .where(isKey ? ':id' : target)
          .anyOf(values)
          .keys(),
      );
      for (const { key, row } of rows)
        if (row[column] !== undefined && !found.has(row[column]))
          findings.push({ kind: 'orphan', table: name, key, field: column });
    }
    return { findings, rows: keys.length, last: keys.length < SLICE ? undefined : keys.at(-1) };
  });
}

/** The rows, opened all at once; one at a time where one of them does not open. */
async function openEach(
  table: AnyStoreTable,
  keys: unknown[],
): Promise<{ key: unknown; row?: AnyRow | undefined; fault?: Fault }[]> {
  const all = await settleStorage(() => Promise.resolve(table.bulkGet(keys)));
  if (all.ok) return keys.map((key, i) => ({ key, row: all.value[i] }));
  const opened = [];
  for (const key of keys) {
    const one = await settleStorage(() => Promise.resolve(table.get(key)));
    opened.push(one.ok ? { key, row: one.value } : { key, fault: one.error });
  }
  return opened;
}

function ruleBroken(name: string, declaration: AnyTable, row: AnyRow): Pick<Finding, 'kind' | 'field'> | undefined {
  try {
    validate(name, declaration, row, false);
    return undefined;
  } catch (thrown) {
    const fault = faultOf(thrown) as (Fault & { readonly field?: string }) | undefined;
    if (fault === undefined) throw thrown;
    return {
      kind: fault.code === 'constraint' ? 'check-broken' : 'invalid',
      ...(fault.field !== undefined && { field: fault.field }),
    };
  }
}

/** The browser keeps unique indexes itself; this finds a browser that did not. */
async function checkUnique(store: Store, name: TableName): Promise<Finding[]> {
  const findings: Finding[] = [];
  const table = anyTable(store, name);
  for (const { on } of declarationOf(name).indexes.filter(({ unique }) => unique)) {
    const index = spelled(on);
    for (let after: unknown; ;) {
      const range = after === undefined ? table.orderBy(index) : table.where(index).above(after);
      const values = await range.limit(SLICE).keys();
      const last = values.at(-1);
      const twice = values.filter((value, i) => i > 0 && JSON.stringify(value) === JSON.stringify(values[i - 1]));
      if (last !== undefined && (await table.where(index).equals(last).count()) > 1) twice.push(last);
      for (const value of new Set(twice)) {
        const [, key] = await table.where(index).equals(value).primaryKeys();
        findings.push({ kind: 'not-unique', table: name, key, field: index });
      }
      if (values.length < SLICE) break;
      after = last;
    }
  }
  return findings;
}

/** How many rows share a parent: no more than it allows, and as many as it says. */
async function checkChildren(store: Store, name: TableName): Promise<Finding[]> {
  const { atMost, counted, relations } = declarationOf(name);
  const per = atMost?.per ?? counted?.per;
  const relation = relations.find(({ column }) => column === per);
  if (relation === undefined) return [];
  const findings: Finding[] = [];
  const parents = anyTable(store, relation.to);
  for (const { key, row } of await openEach(parents, await parents.toCollection().primaryKeys())) {
    if (row === undefined) continue;
    const present = await anyTable(store, name).where(relation.column).equals(valueAt(row, relation.target)).count();
    const where = { table: relation.to as TableName, key };
    if (atMost?.per === relation.column && present > Number(row[atMost.limit]))
      findings.push({ kind: 'too-many', ...where, field: atMost.limit });
    if (counted?.per === relation.column && present !== row[counted.column])
      findings.push({ kind: 'wrong-count', ...where, field: counted.column });
  }
  return findings;
}

async function checkCounts(store: Store): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const id of await store.conversations.toCollection().primaryKeys()) {
    const right = await settleStorage(() =>
      store.tx('r', ['conversations', 'messages', 'messagesArchive'], async () => {
        const row = await store.conversations.get(id);
        return row === undefined || (await countUnread(store, row)) === row.unreadCount;
      }),
    );
    // A row that does not open has been found already.
    if (right.ok && !right.value) findings.push({ kind: 'unread-count', table: 'conversations', key: id });
    const counted = await settleStorage(() => isCountRight(store, id));
    if (counted.ok && !counted.value) findings.push({ kind: 'message-count', table: 'conversations', key: id });
  }
  return findings;
}

async function checkAudit(store: Store): Promise<Finding[]> {
  const verdict = await settleStorage(() => verifyAudit(store));
  if (verdict.ok && verdict.value.intact) return [];
  const key = verdict.ok && !verdict.value.intact ? verdict.value.at : '';
  return [{ kind: 'audit-broken', table: 'auditLog', key }];
}

/** The books about upgrades say what was released; the present version may still change. */
async function checkBooks(store: Store): Promise<Finding[]> {
  const rows = await store.schemaMigrations.toArray();
  return rows
    .filter(({ version, checksum, success }) => {
      const released = presentPlan.migrations.slice(0, -1).find((migration) => migration.version === version);
      return !success || (released !== undefined && released.checksum !== checksum);
    })
    .map(({ version }) => ({ kind: 'migration', table: 'schemaMigrations', key: version }));
}
