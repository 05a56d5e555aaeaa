import { isShared, TAKE_SHARED } from '../../core/pageMessages.ts';

let text = $state<string>();

/** What another app has shared, in this page's memory until its person has chosen where it goes. */
export const shared = {
  get text(): string | undefined {
    return text;
  },
  clear(): void {
    text = undefined;
  },
};

/**
 * Asks the service worker for it. The locked screen asks too: the browser may end the service worker, and what
 * it remembers, while somebody types a passphrase.
 * @returns what ends the listening.
 */
export function askForShared(): () => void {
  if (!('serviceWorker' in navigator)) return () => undefined;
  const hear = ({ data }: MessageEvent<unknown>) => {
    if (isShared(data)) text = data.text;
  };
  navigator.serviceWorker.addEventListener('message', hear);
  navigator.serviceWorker.controller?.postMessage(TAKE_SHARED);
  return () => navigator.serviceWorker.removeEventListener('message', hear);
}
