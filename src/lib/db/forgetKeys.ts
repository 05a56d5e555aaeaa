import type { Store } from './store.ts';

/** Forgets every key and who this device is: what is sealed is nobody's from here on. Needs no sealer. */
export async function forgetAllKeys(store: Store): Promise<void> {
  await store.tx('rw', ['keyStore', 'relayLogin'], async () => {
    await store.keyStore.clear();
    await store.relayLogin.clear();
  });
}
