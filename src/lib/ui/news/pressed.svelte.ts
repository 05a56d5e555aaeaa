import { isNotification, TAKE_PRESSED, WHO, type NotificationMessage, type Presence } from '../../core/pageMessages.ts';

let waiting = $state.raw<NotificationMessage>();

/** What the person pressed on a notification while the app was locked or closed, in this page's memory. */
export const pressed = {
  get waiting(): NotificationMessage | undefined {
    return waiting;
  },
  clear(): void {
    waiting = undefined;
  },
};

/** Keeps it until the vault is open. @returns what ends the listening. */
export function keepPressed(): () => void {
  if (!('serviceWorker' in navigator)) return () => undefined;
  const hear = ({ data, ports }: MessageEvent<unknown>) => {
    if (data === WHO) ports[0]?.postMessage('locked' satisfies Presence);
    else if (isNotification(data)) waiting = data;
  };
  navigator.serviceWorker.addEventListener('message', hear);
  navigator.serviceWorker.controller?.postMessage(TAKE_PRESSED);
  return () => navigator.serviceWorker.removeEventListener('message', hear);
}
