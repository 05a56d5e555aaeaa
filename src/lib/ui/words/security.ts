import type { SecurityItem } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';
import { sayReason } from './reasons.svelte.ts';

const severities = {
  low: m.severity_low,
  medium: m.severity_medium,
  high: m.severity_high,
  critical: m.severity_critical,
} as const satisfies Record<SecurityItem['severity'], () => string>;

export const saySeverity = (severity: SecurityItem['severity']): string => severities[severity]();

/** What happened, from the type of the event and the fact that goes with it. */
export function sayEvent(event: SecurityItem): string {
  if (event.type === 'failed-unlock') return m.event_failed_unlock({ count: Number(event.description) });
  if (event.type === 'passphrase-changed') return m.event_passphrase_changed();
  if (event.type === 'entries-missing') return m.event_entries_missing();
  if (event.type === 'passphrase-reset') return m.event_passphrase_reset();
  if (event.type === 'restored') return m.event_restored();
  if (event.type === 'commit-refused') return m.event_commit_refused({ reason: sayReason(event.description) });
  const name = event.person ?? '?';
  if (event.type === 'new-device') {
    return event.description === 'rekeyed' ? m.event_rekeyed_device({ name }) : m.event_new_device({ name });
  }
  if (event.type === 'own-device') return m.event_own_device();
  if (event.type === 'device-clash') return m.event_device_clash({ name });
  if (event.type === 'safety-mismatch') return m.event_safety_mismatch({ name });
  if (event.type === 'audit-broken') return m.event_audit_broken();
  if (event.type === 'damaged-record') return m.event_damaged_record();
  const say = events[event.type];
  if (say !== undefined) return say();
  return m.event_other({ type: event.type });
}

const events: Readonly<Record<string, () => string>> = {
  forked: m.event_forked,
  healed: m.event_healed,
  'link-mismatch': m.event_link_mismatch,
  'device-copied': m.event_device_copied,
  restored: m.event_restored,
  'state-torn': m.event_state_torn,
};
