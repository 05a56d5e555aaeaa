import { newId } from '../core/ids.ts';
import type { SecurityEventRow, Store } from './store.ts';

/** Keeps a security event, inside the caller's transaction if there is one. `at` in milliseconds. */
export async function recordSecurityEvent(
  store: Store,
  event: Pick<SecurityEventRow, 'eventType' | 'severity' | 'description' | 'rawData'> & { readonly at: number },
): Promise<void> {
  const { at, ...facts } = event;
  // Sorts in the order of writing: time first, then chance.
  const eventId = `${at.toString(16).padStart(12, '0')}-${newId(store.random)}`;
  await store.securityEvents.add({ eventId, timestamp: at, ...facts, resolved: false });
}
