import { DRAIN_MESSAGE } from '../lib/platform/drainMessages.ts';
import { HEARD, SOMETHING_TAG, WOKEN } from '../lib/core/pageMessages.ts';
import { systemClock } from '../lib/platform/clock.ts';
import { renewWhileLocked, syncWhileLocked, waitsOnlyMuted } from '../lib/platform/lockedSync.ts';
import { keptWords } from '../lib/platform/notificationWords.ts';
import { ask, pagesOf } from './pages.ts';

/** Longer than that nobody waits for the relay before they are told. */
const LONGEST_SYNC_MS = 15_000;
/** How long an open page has to fetch, open and tell. */
const TELLING_MS = 10_000;

/**
 * A push service wakes the device: what waits is fetched, unread. A page that is open tells its person; where there
 * is none a notification says that there is something, and nothing else, for nothing else is known here. It is
 * shown in any case: that was promised to the browser (`userVisibleOnly`), and who breaks that is woken no more.
 */
export function answerPushes(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener('push', (event) => event.waitUntil(wake(worker)));
  // In the library of types it is an event without the subscriptions, which browsers give or do not.
  worker.addEventListener('pushsubscriptionchange' as keyof ServiceWorkerGlobalScopeEventMap, (event) => {
    (event as ExtendableEvent).waitUntil(renewWhileLocked(worker.registration));
  });
}

async function wake(worker: ServiceWorkerGlobalScope): Promise<void> {
  const late = Promise.withResolvers<undefined>();
  const cancel = systemClock.after(LONGEST_SYNC_MS, () => late.resolve(undefined));
  await Promise.race([syncWhileLocked(), late.promise]).finally(cancel);
  const pages = await pagesOf(worker);
  for (const page of pages) page.postMessage(DRAIN_MESSAGE);
  const answers = await Promise.all(pages.map((page) => ask(page, WOKEN, TELLING_MS)));
  if (answers.includes(HEARD)) return;
  const { title } = await keptWords();
  await worker.registration.showNotification(title, {
    tag: SOMETHING_TAG,
    icon: '/icon-192.png',
    badge: '/icon-monochrome-512.png',
    // Who muted the only conversations that it can be from sees it without hearing it.
    silent: await waitsOnlyMuted(),
  });
  // How many messages there are nobody knows before they are opened. A browser without badges refuses.
  if ('setAppBadge' in worker.navigator) await worker.navigator.setAppBadge().catch(() => undefined);
}
