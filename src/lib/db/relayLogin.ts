import type { RelayLoginRow, Store } from './store.ts';

/** What this device logs in to the relay with. In clear, so that the service worker can while the app is locked. */

export async function loadRelayLogin(store: Store): Promise<RelayLoginRow | undefined> {
  return store.relayLogin.get('self');
}

export async function saveRelayLogin(store: Store, login: Omit<RelayLoginRow, 'id'>): Promise<void> {
  await store.relayLogin.put({ id: 'self', ...login });
}

/** The device does not log in any more: it was revoked, or the account leaves it. */
export async function deleteRelayLogin(store: Store): Promise<void> {
  await store.relayLogin.delete('self');
}
