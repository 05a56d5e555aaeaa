import { newId } from '../core/ids.ts';
import type { AccountId } from '../core/ids.ts';
import { refuseStorage } from './faults.ts';
import type { SecurityEventRow, Store } from './store.ts';

/** What a person should know about: failed unlocks, changed identities, forks, refused commits. */

export type Severity = SecurityEventRow['severity'];

/** Records an event. Its id sorts by time. Refused: `locked`. */
export async function recordSecurityEvent(
  store: Store,
  event: {
    readonly eventType: string;
    readonly severity: Severity;
    readonly description: string;
    readonly userId?: AccountId;
    readonly rawData?: unknown;
    /** When it happened; now, if left out. */
    readonly at?: number;
  },
): Promise<void> {
  const { at = store.clock.now(), ...rest } = event;
  const eventId = `${at.toString(16).padStart(12, '0')}-${newId(store.random)}`;
  await store.securityEvents.add({ eventId, timestamp: at, resolved: false, ...rest });
}

/** Events, newest first. */
export async function listSecurityEvents(
  store: Store,
  only: { readonly severity?: Severity; readonly resolved?: boolean; readonly limit?: number } = {},
): Promise<SecurityEventRow[]> {
  const { severity, resolved, limit = 100 } = only;
  const rows =
    severity === undefined
      ? store.securityEvents.orderBy('timestamp')
      : store.securityEvents.where('[severity+timestamp]').between([severity, -Infinity], [severity, Infinity]);
  return rows
    .reverse()
    .filter((row) => resolved === undefined || row.resolved === resolved)
    .limit(limit)
    .toArray();
}

export const countUnresolved = (store: Store): Promise<number> =>
  Promise.resolve(store.securityEvents.where('resolved').equals(0).count());

/** A person has dealt with the event. Refused: `not-found`. */
export async function resolveSecurityEvent(
  store: Store,
  eventId: string,
  resolution: string,
  now: number,
): Promise<void> {
  const touched = await store.securityEvents.update(eventId, { resolved: true, resolvedAt: now, resolution });
  if (touched === 0) refuseStorage('not-found', { entity: 'securityEvents' });
}
