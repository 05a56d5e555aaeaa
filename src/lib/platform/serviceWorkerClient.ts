import { Workbox } from 'workbox-window';
import { DRAIN_MESSAGE, DRAIN_TAG } from './drainMessages.ts';
import { scriptUrl } from './trustedTypes.ts';

/** Called when a new version of the app waits to take over. */
export type OnUpdate = (activate: () => void) => void;

let workbox: Workbox | undefined;
let announceUpdate: OnUpdate | undefined;
let waitingUpdate: (() => void) | undefined;

/** Registers the service worker and asks for a Background Sync, where the browser has one. */
export async function registerServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  workbox = new Workbox(scriptUrl('/service-worker.js') as string, {
    type: import.meta.env.DEV ? 'module' : 'classic',
  });
  const registered = workbox;
  registered.addEventListener('waiting', () => {
    waitingUpdate = () => {
      registered.addEventListener('controlling', () => location.reload());
      registered.messageSkipWaiting();
    };
    announceUpdate?.(waitingUpdate);
  });
  await registered.register();
}

/** Tells the page when a new version waits; also when that happened before the page asked. */
export function watchUpdates(show: OnUpdate): void {
  announceUpdate = show;
  if (waitingUpdate !== undefined) show(waitingUpdate);
}

/** The service worker found something for the unlocked app to do: open entries, seal records again. */
export function listenForDrainRequests(onNews: () => void): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.data === DRAIN_MESSAGE) onNews();
  });
}

interface WithSync {
  readonly sync?: { register(tag: string): Promise<void> };
}

/** Asks the browser to wake the service worker when there is a network, also with no page open. */
export async function requestBackgroundSync(): Promise<void> {
  const registration = (await navigator.serviceWorker.ready) as ServiceWorkerRegistration & WithSync;
  await registration.sync?.register(DRAIN_TAG);
}
