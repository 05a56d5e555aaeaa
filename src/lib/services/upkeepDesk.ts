import { err, ok, type Result } from '../core/result.ts';
import type { Session } from '../sync/session.ts';
import type { CairnClient } from './client.ts';
import { LOCKED, type Desk } from './desk.ts';
import type * as maintenance from './maintenance.ts';
import type { UpkeepClient } from './upkeepClient.ts';

const activity = () => import('./activityViews.ts');
const verification = () => import('./verification.ts');

type Operations = Pick<CairnClient, 'watchWaiting' | 'retry' | 'discard'>;

/** The store and what happened on this device. */
export function upkeepDesk({ ports, open, act, watch }: Desk): Omit<UpkeepClient, 'watchRoom'> & Operations {
  const tend = async <T>(
    work: (tending: typeof maintenance, session: Session) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const opened = open();
    return opened === undefined ? err(LOCKED) : work(await import('./maintenance.ts'), opened.session);
  };
  return {
    async watchWaiting(limit, show) {
      const { listWaiting } = await activity();
      return watch((session) => listWaiting(session, limit), show);
    },
    watchSecurityEvents: async (show) => watch((await activity()).listSecurityEvents, show),
    async watchSecuritySettings(show) {
      const { readSecuritySettings } = await verification();
      return watch(readSecuritySettings, show);
    },
    saveSecuritySettings: (settings) =>
      act(async (session) => (await verification()).saveSecuritySettings(session, settings)),
    storage: () => tend((tending, session) => tending.viewStorage(session, ports.storage)),
    async watchIntegrity(show) {
      const tending = await import('./maintenance.ts');
      const opened = open();
      if (opened !== undefined) return tending.watchIntegrity(opened.session, show);
      show({ step: 'failed', fault: LOCKED });
      return () => undefined;
    },
    repairStorage: (findings) => tend((tending, session) => tending.repairStorage(session, findings)),
    retention: () => tend((tending, session) => tending.retentionItems(session)),
    setRetention: (table, change) => tend((tending, session) => tending.setRetention(session, table, change)),
    runRetention: () => tend((tending, session) => tending.runRetentionNow(session)),
    upgrades: () => tend((tending, session) => tending.upgradeItems(session)),
    auditLog: (query) => tend((tending, session) => tending.auditItems(session, query)),
    auditTypes: () => tend((tending, session) => tending.auditTypes(session)),
    exportAuditLog: () => tend((tending, session) => tending.exportAudit(session)),
    resolveSecurityEvent: (id, note) => tend((tending, session) => tending.resolveEvent(session, id, note)),
    figures: (days) => tend((tending, session) => tending.viewFigures(session, days)),
    retry: (operation) => act(async (session) => (await import('../sync/retry.ts')).retry(session, operation)),
    discard: (operation) => act(async (session) => (await import('./changes.ts')).discard(session, operation)),
    diagnostic: () => act(async (session) => ok(await (await import('./diagnostic.ts')).diagnostic(session))),
  };
}
