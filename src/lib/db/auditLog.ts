import { sortKeyOf, stampOf, tick } from '../core/clock.ts';
import { newId, type AccountId, type DeviceId } from '../core/ids.ts';
import { bytesFromValue } from './cbor.ts';
import { getSetting, setSetting } from './settings.ts';
import type { AuditLogRow, Store } from './store.ts';

/**
 * The audit log is a chain: each row holds a keyed hash of the one before, and a sealed setting holds
 * both ends. A row that was altered, added, or taken from the middle or an end is found, unless somebody
 * puts back an older copy of the whole store. Keyed, so that nobody without the vault can mend the chain.
 */

/** Tables that {@link appendAudit} writes; a caller's transaction must hold them. */
export const auditTables = ['auditLog', 'settings'] as const;

export interface AuditEntry {
  readonly eventType: string;
  readonly action: string;
  readonly success: boolean;
  readonly userId?: AccountId;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly details?: unknown;
  readonly userAgent?: string;
  readonly errorMessage?: string;
}

/** The ends of the chain: what the oldest row kept must name as the one before it, and the newest row. */
interface Ends {
  readonly before: string;
  readonly lastId: string;
  readonly lastHash: string;
}

const ENDS = 'auditLog ends';
const NOTHING: Ends = { before: '', lastId: '', lastHash: '' };

/** Adds a row at the end, together with what it tells about when it runs in a transaction. Refused: `locked`. */
export async function appendAudit(store: Store, entry: AuditEntry, now: number): Promise<AuditLogRow> {
  return store.tx('rw', auditTables, async () => {
    const ends = (await getSetting<Ends>(store, ENDS)) ?? NOTHING;
    // Sorts after the last one also where the clock was set back.
    const stamp = tick(stampOf(ends.lastId) ?? { ms: 0, count: 0 }, now);
    const logId = sortKeyOf(stamp, newId<DeviceId>(store.random));
    const row: AuditLogRow = { logId, timestamp: now, ...entry, previousHash: ends.lastHash };
    await store.auditLog.add(row);
    await setSetting(store, ENDS, { ...ends, lastId: logId, lastHash: hashOf(store, row) }, now);
    return row;
  });
}

/** Rows of a span of time, newest first. */
export async function listAudit(
  store: Store,
  span: { readonly from?: number; readonly to?: number; readonly limit?: number } = {},
): Promise<AuditLogRow[]> {
  const { from = 0, to = Infinity, limit = 100 } = span;
  return store.auditLog
    .where('[timestamp+eventType]')
    .between([from, ''], [to, '\uffff'], true, true)
    .reverse()
    .limit(limit)
    .toArray();
}

/** Every event type in the log, in the order of the alphabet; no row is read. */
export async function auditTypes(store: Store): Promise<string[]> {
  const types: string[] = [];
  for (let after = ''; ;) {
    const [next] = await store.auditLog
      .where('[eventType+success+timestamp]')
      .above([after, Infinity, Infinity])
      .limit(1)
      .keys();
    const type = (next as unknown as [string] | undefined)?.[0];
    if (type === undefined) return types;
    types.push(type);
    after = type;
  }
}

/** How often something failed since `since`, such as an authentication. */
export const countFailures = (store: Store, eventType: string, since: number): Promise<number> =>
  Promise.resolve(
    store.auditLog
      .where('[eventType+success+timestamp]')
      .between([eventType, 0, since], [eventType, 0, Infinity])
      .count(),
  );

/** Walks the chain. @returns the id of the first row that does not follow from the one before, `'end'` where rows are missing at the end. */
export async function verifyAudit(
  store: Store,
): Promise<{ readonly intact: true } | { readonly intact: false; readonly at: string }> {
  return store.tx('r', auditTables, async () => {
    const ends = (await getSetting<Ends>(store, ENDS)) ?? NOTHING;
    let hash = ends.before;
    for (const row of await store.auditLog.orderBy('logId').toArray()) {
      if (row.previousHash !== hash) return { intact: false, at: row.logId };
      hash = hashOf(store, row);
    }
    // With every row pruned, the oldest row to come follows the newest there ever was.
    return hash === ends.lastHash ? { intact: true } : { intact: false, at: 'end' };
  });
}

/** Deletes rows older than `before` and remembers where the chain now starts. @returns how many. */
export async function pruneAudit(store: Store, before: number, now: number): Promise<number> {
  return store.tx('rw', auditTables, async () => {
    const rows = await store.auditLog.orderBy('logId').toArray();
    const kept = rows.findIndex((row) => row.timestamp >= before);
    const gone = kept < 0 ? rows : rows.slice(0, kept);
    const last = gone.at(-1);
    if (last === undefined) return 0;
    await store.auditLog.bulkDelete(gone.map((row) => row.logId));
    const ends = (await getSetting<Ends>(store, ENDS)) ?? NOTHING;
    await setSetting(store, ENDS, { ...ends, before: hashOf(store, last) }, now);
    return gone.length;
  });
}

const hashOf = (store: Store, row: AuditLogRow): string => store.keyedHash('audit log', bytesFromValue(row));
