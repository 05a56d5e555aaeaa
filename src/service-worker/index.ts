/// <reference types="@sveltejs/kit" />
/// <reference no-default-lib="true"/>
/// <reference lib="esnext" />
/// <reference lib="webworker" />
import { build, files, version } from '$service-worker';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { DRAIN_MESSAGE, DRAIN_TAG } from '../lib/platform/drainMessages.ts';
import { syncWhileLocked, uploadWhileLocked } from '../lib/platform/lockedSync.ts';
import { answerNotifications } from './notifications.ts';
import { answerPushes } from './push.ts';
import { takeShares } from './shared.ts';

/**
 * The shell from the cache, so that Cairn starts without a network, and the outbox, uploads and inbox while
 * no page is open or the app is locked: ciphertext only, there are no message keys here.
 */
const worker = self as unknown as ServiceWorkerGlobalScope;

const SHELL = '/';

takeShares(worker);
answerNotifications(worker);
answerPushes(worker);

precacheAndRoute([
  ...build.map((url) => ({ url, revision: null })),
  ...files.map((url) => ({ url, revision: version })),
  { url: SHELL, revision: version },
]);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL(SHELL), { denylist: [/^\/api\//] }));

worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('message', (event) => {
  const data = event.data as unknown;
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') {
    event.waitUntil(worker.skipWaiting());
  } else if (data === DRAIN_MESSAGE) {
    event.waitUntil(sync());
  }
});

/** Background Sync, where the browser has it: rejecting asks for another try later. */
worker.addEventListener('sync' as keyof ServiceWorkerGlobalScopeEventMap, (event) => {
  const { tag } = event as unknown as { tag: string };
  if (tag === DRAIN_TAG) (event as ExtendableEvent).waitUntil(sync());
});

async function sync(): Promise<void> {
  const reached = await syncWhileLocked();
  for (const client of await worker.clients.matchAll()) client.postMessage(DRAIN_MESSAGE);
  if (!reached || !(await uploadWhileLocked())) throw new Error('the relay could not be reached');
}
