import type { NotificationMessage } from '../lib/core/pageMessages.ts';

/** A press on a notification leads to its conversation; its action marks it as read, without opening anything. */
export function answerNotifications(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener('notificationclick', (event) => {
    const { notification, action } = event;
    notification.close();
    const { conversation } = notification.data as { readonly conversation: string };
    const answer = async (): Promise<void> => {
      const [page] = await worker.clients.matchAll({ type: 'window' });
      const message: NotificationMessage = {
        type: 'cairn-notification',
        conversation,
        action: action === 'read' ? 'read' : 'open',
      };
      page?.postMessage(message);
      if (message.action === 'read') return;
      if (page === undefined) await worker.clients.openWindow(`/chats/${conversation}`);
      else await page.focus();
    };
    event.waitUntil(answer());
  });
}
