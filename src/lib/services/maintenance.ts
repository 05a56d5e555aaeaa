import { ok, settle, type Result } from '../core/result.ts';
import { appendAudit, auditTypes as typesInAudit, listAudit } from '../db/auditLog.ts';
import { settleStorage } from '../db/faults.ts';
import { checkIntegrity } from '../db/integrity.ts';
import { newestMetrics, usageSince } from '../db/measures.ts';
import { repair } from '../db/repair.ts';
import { listPolicies, runRetention, setPolicy } from '../db/retention.ts';
import { recordSecurityEvent, resolveSecurityEvent } from '../db/security.ts';
import { storageUse } from '../db/storageUse.ts';
import type { AuditLogRow } from '../db/store.ts';
import { restoreRosters } from '../sync/restoreRosters.ts';
import type { Session } from '../sync/session.ts';
import type {
  AuditItem,
  AuditQuery,
  CheckState,
  FiguresView,
  RepairView,
  RetentionItem,
  StorageFinding,
  StorageView,
  UpgradeItem,
} from './client.ts';
import type { StorageDevice } from './room.ts';

/** What the maintenance page shows and does. Loaded when it is opened. */

/** Refused: the store's faults. */
export async function viewStorage({ store }: Session, device: StorageDevice | undefined): Promise<Result<StorageView>> {
  return settleStorage(async () => {
    const tables = await storageUse(store);
    const estimate = await device?.estimate();
    const isPersisted = await device?.isPersisted();
    return {
      tables: tables.map(({ table, ...use }) => ({ name: table, ...use })),
      quarantined: await store.quarantine.count(),
      ...(estimate !== undefined && { estimate }),
      ...(isPersisted !== undefined && { isPersisted }),
    };
  });
}

/** Runs the integrity check and shows how far it is, at last what it found. @returns what breaks it off. */
export function watchIntegrity(session: Session, show: (state: CheckState) => void): () => void {
  const { store, clock } = session;
  let isOver = false;
  void settleStorage(() =>
    checkIntegrity(store, (progress) => {
      if (!isOver) show({ step: 'running', ...progress });
      return !isOver;
    }),
  ).then(async (checked) => {
    if (isOver) return;
    if (!checked.ok) return show({ step: 'failed', fault: checked.error });
    const { rows, findings } = checked.value;
    const details = { rows, findings: findings.length };
    const told = { eventType: 'maintenance', action: 'integrity-check', success: findings.length === 0, details };
    await settleStorage(async () => {
      if (findings.some(({ kind }) => kind === 'audit-broken')) await tellOnce(session, 'audit-broken', 'critical');
      await appendAudit(store, told, clock.now());
    });
    if (!isOver) show({ step: 'done', rows, findings });
  });
  return () => {
    isOver = true;
  };
}

/** Lists leave out what does not open; the person is told that there is such a thing. */
export async function tellOfDamage(session: Session): Promise<void> {
  const { store } = session;
  for (const table of [store.conversations, store.contacts, store.users]) {
    const read = await settleStorage<unknown>(() => Promise.resolve(table.toArray()));
    if (!read.ok && read.error.code === 'sealed-value-damaged') return tellOnce(session, 'damaged-record', 'high');
  }
}

/** Tells of damage unless that has been told and nobody dealt with it yet. */
async function tellOnce({ store }: Session, eventType: string, severity: 'high' | 'critical'): Promise<void> {
  const told = await store.securityEvents.where('resolved').equals(0).toArray();
  if (told.some((event) => event.eventType === eventType)) return;
  await recordSecurityEvent(store, { eventType, severity, description: '' });
}

/**
 * Mends what can be mended. Rosters come first, because they bring back people and groups that other rows
 * name, and last, because they know the titles of what was emptied.
 */
export async function repairStorage(
  session: Session,
  findings: readonly StorageFinding[],
): Promise<Result<RepairView>> {
  const { store, clock, locks } = session;
  return settleStorage(() =>
    locks.run('repair', async () => {
      await restoreRosters(session);
      const now = clock.now();
      const mended = await repair(store, findings, now);
      await restoreRosters(session);
      const details = { mended: mended.mended.length, left: mended.left.length, quarantined: mended.quarantined };
      await appendAudit(store, { eventType: 'maintenance', action: 'repair', success: true, details }, now);
      return mended;
    }),
  );
}

export const retentionItems = ({ store }: Session): Promise<Result<RetentionItem[]>> =>
  settleStorage(async () =>
    (await listPolicies(store)).map(({ tableName, retentionDays, cleanupEnabled, lastCleanup }) => ({
      table: tableName,
      days: retentionDays,
      isEnabled: cleanupEnabled,
      ...(lastCleanup !== undefined && { lastRun: lastCleanup }),
    })),
  );

/** Refused: `not-found`, `constraint` for less than one day. */
export const setRetention = (
  { store }: Session,
  table: string,
  change: { readonly days?: number; readonly isEnabled?: boolean },
): Promise<Result<void>> =>
  settleStorage(() =>
    setPolicy(store, table, {
      ...(change.days !== undefined && { retentionDays: change.days }),
      ...(change.isEnabled !== undefined && { cleanupEnabled: change.isEnabled }),
    }),
  );

/** Runs every policy that is on. @returns how many rows went. */
export const runRetentionNow = ({ store, clock, locks }: Session): Promise<Result<number>> =>
  settleStorage(async () => {
    const gone = await locks.run('retention', () => runRetention(store, clock.now()));
    return [...gone.values()].reduce((sum, count) => sum + count, 0);
  });

export const upgradeItems = ({ store }: Session): Promise<Result<UpgradeItem[]>> =>
  settleStorage(async () =>
    (await store.schemaMigrations.toArray())
      .map(({ version, appliedAt, description, success }) => ({ version, at: appliedAt, description, success }))
      .reverse(),
  );

/** Newest first. */
export const auditItems = ({ store }: Session, query: AuditQuery): Promise<Result<AuditItem[]>> =>
  settleStorage(async () => {
    const { limit, onlyFailures = false, eventType } = query;
    const rows = await listAudit(store, { limit: onlyFailures || eventType !== undefined ? Infinity : limit });
    return rows
      .filter((row) => (!onlyFailures || !row.success) && (eventType === undefined || row.eventType === eventType))
      .slice(0, limit)
      .map(auditItem);
  });

export const auditTypes = ({ store }: Session): Promise<Result<string[]>> => settleStorage(() => typesInAudit(store));

const auditItem = ({
  logId,
  timestamp,
  eventType,
  action,
  success,
  resourceType,
  details,
}: AuditLogRow): AuditItem => ({
  id: logId,
  at: timestamp,
  eventType,
  action,
  success,
  ...(resourceType !== undefined && { resourceType }),
  ...(details !== undefined && { details: JSON.stringify(details) }),
});

/** The whole log, oldest first, one JSON object a line, with the hash that chains each row to the one before. */
export const exportAudit = ({ store }: Session): Promise<Result<string>> =>
  settleStorage(async () => {
    const rows = await listAudit(store, { limit: Infinity });
    return rows
      .reverse()
      .map((row) => `${JSON.stringify(row)}\n`)
      .join('');
  });

/** Refused: `empty` without a note, `not-found`. */
export async function resolveEvent({ store, clock }: Session, id: string, note: string): Promise<Result<void>> {
  const resolution = note.trim();
  if (resolution === '') return { ok: false, error: { code: 'empty', retry: 'person' } };
  return settle(() => resolveSecurityEvent(store, id, resolution, clock.now()));
}

const DAY_MS = 24 * 60 * 60_000;

/** Counts of the last days, and the newest times of each thing that is timed. */
export async function viewFigures({ store, clock }: Session, days: number): Promise<Result<FiguresView>> {
  const usage = await settleStorage(() => usageSince(store, clock.now() - (days - 1) * DAY_MS));
  if (!usage.ok) return usage;
  const times = await settleStorage(async () => {
    const names = await store.performanceMetrics.orderBy('[metricName+timestamp]').keys();
    const distinct = [...new Set((names as unknown as [string, number][]).map(([name]) => name))];
    return Promise.all(
      distinct.map(async (name) => ({
        name,
        values: (await newestMetrics(store, name, 20)).map(({ metricValue }) => metricValue),
      })),
    );
  });
  return times.ok ? ok({ usage: usage.value, times: times.value }) : times;
}
