import { sweepGrants } from './accessControl.ts';
import { appendAudit, pruneAudit } from './auditLog.ts';
import { refuseStorage } from './faults.ts';
import { dateOf } from './measures.ts';
import { eraseOlderThan } from './messages/remove.ts';
import { sweepSessions } from './sessions.ts';
import type { RetentionPolicyRow, Store, TableName } from './store.ts';

/**
 * How long this device keeps what it notes down about itself and, only where a person wants that, messages.
 * Those with a time of their own go by that; see `expiry`.
 */

const DAY_MS = 24 * 60 * 60_000;

interface Rule {
  readonly days: number;
  /** Nothing goes unless a person switches it on. */
  readonly isOff?: boolean;
  /** There may be so much that it goes in transactions of its own, one after the other. */
  readonly isLong?: boolean;
  /** Deletes what is older than `before`. @returns how many rows went. */
  clean(store: Store, before: number, now: number): Promise<number>;
}

const rules = {
  auditLog: { days: 365, clean: pruneAudit },
  /** Only those that a person has dealt with. */
  securityEvents: {
    days: 365,
    clean: (store, before) => store.securityEvents.where('[resolved+timestamp]').between([1, 0], [1, before]).delete(),
  },
  performanceMetrics: {
    days: 30,
    clean: (store, before) => store.performanceMetrics.where('timestamp').below(before).delete(),
  },
  usageStatistics: {
    days: 365,
    clean: (store, before) =>
      store.usageStatistics
        .where('[date+metric]')
        .below([dateOf(before), ''])
        .delete(),
  },
  syncOperations: {
    days: 30,
    clean: (store, before) =>
      store.syncOperations
        .where('[status+createdAt]')
        .between(['done', 0], ['done', before])
        .or('[status+createdAt]')
        .between(['failed', 0], ['failed', before])
        .delete(),
  },
  /** Only entries that were opened. */
  inbox: {
    days: 30,
    clean: (store, before) =>
      store.inbox
        .where('status')
        .equals('done')
        .filter((row) => row.receivedAt < before)
        .delete(),
  },
  sessions: { days: 7, clean: sweepSessions },
  accessControl: { days: 30, clean: sweepGrants },
  /** Packages whose private half went long ago. */
  keyPackages: {
    days: 90,
    clean: (store, before) =>
      store.keyPackages
        .where('status')
        .anyOf('spent', 'expired')
        .filter((row) => (row.spentAt ?? row.expiredAt ?? row.createdAt) < before)
        .delete(),
  },
  quarantine: { days: 365, clean: (store, before) => store.quarantine.where('foundAt').below(before).delete() },
  /** All but those that still wait to be sent. */
  messages: { days: 365, isOff: true, isLong: true, clean: (store, before) => eraseOlderThan(store, before) },
} as const satisfies Partial<Record<TableName, Rule>>;

export type RetainedTable = keyof typeof rules;

const ruleOf = (table: RetainedTable): Rule => rules[table];
const retained = Object.keys(rules) as readonly RetainedTable[];
const isRetained = (table: string): table is RetainedTable => Object.hasOwn(rules, table);

export interface RetentionPolicy extends Omit<RetentionPolicyRow, 'tableName'> {
  readonly tableName: RetainedTable;
}

/** Every policy: as the person set it, else as it comes. */
export async function listPolicies(store: Store): Promise<RetentionPolicy[]> {
  const set = await store.retentionPolicies.bulkGet([...retained]);
  return retained.map((tableName, i) => ({
    retentionDays: ruleOf(tableName).days,
    cleanupEnabled: ruleOf(tableName).isOff !== true,
    ...set[i],
    tableName,
  }));
}

/** Refused: `not-found` for a table without a policy, `constraint` for less than one day. */
export async function setPolicy(
  store: Store,
  tableName: string,
  change: { readonly retentionDays?: number; readonly cleanupEnabled?: boolean },
): Promise<void> {
  if (!isRetained(tableName)) return refuseStorage('not-found', { entity: 'retentionPolicies' });
  if (change.retentionDays !== undefined && change.retentionDays < 1)
    refuseStorage('constraint', { entity: 'retentionPolicies', field: 'days' });
  await store.tx('rw', ['retentionPolicies'], async () => {
    const policy = (await listPolicies(store)).find((one) => one.tableName === tableName);
    if (policy !== undefined) await store.retentionPolicies.put({ ...policy, ...change });
  });
}

/**
 * Runs the policies that are on, each by itself, and notes in the audit log what went.
 * @param onlyDue leaves out those that ran less than a day ago.
 * @returns how many rows went, by table. Refused: `locked`.
 */
export async function runRetention(
  store: Store,
  now: number,
  { onlyDue = false } = {},
): Promise<ReadonlyMap<RetainedTable, number>> {
  const gone = new Map<RetainedTable, number>();
  for (const policy of await listPolicies(store)) {
    const { tableName, retentionDays, cleanupEnabled, lastCleanup } = policy;
    // A clock that was set back makes nothing due for longer.
    const isRecent = lastCleanup !== undefined && Math.abs(now - lastCleanup) < DAY_MS;
    if (!cleanupEnabled || (onlyDue && isRecent)) continue;
    const rule = ruleOf(tableName);
    const before = now - retentionDays * DAY_MS;
    const goneBefore = rule.isLong ? await rule.clean(store, before, now) : 0;
    const tables: TableName[] = [tableName, 'retentionPolicies', 'auditLog', 'settings'];
    const count = await store.tx('rw', tables, async () => {
      const deleted = rule.isLong ? goneBefore : await rule.clean(store, before, now);
      await store.retentionPolicies.put({ ...policy, lastCleanup: now });
      if (deleted > 0) {
        const details = { deleted, retentionDays };
        const about = { eventType: 'maintenance', action: 'retention', resourceType: tableName };
        await appendAudit(store, { ...about, success: true, details }, now);
      }
      return deleted;
    });
    if (count > 0) gone.set(tableName, count);
  }
  return gone;
}
