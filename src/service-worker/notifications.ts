import {
  factsFrom,
  TAKE_PRESSED,
  type NotificationAction,
  type NotificationMessage,
} from '../lib/core/pageMessages.ts';
import { ask, rollCall } from './pages.ts';

/** How long a page has to send a reply, or to mark a conversation as read. */
const CARRY_OUT_MS = 10_000;

/**
 * A press on a notification leads to its conversation; its actions are carried out by a page whose vault is open,
 * as its own buttons would. Where there is none nobody reads or writes in the person's name: the app opens at the
 * conversation, and what was typed waits in memory, here and then in the locked page, to become a draft.
 */
export function answerNotifications(worker: ServiceWorkerGlobalScope): void {
  let pressed: NotificationMessage | undefined;

  worker.addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(answer(messageFrom(event)));
  });

  worker.addEventListener('message', (event) => {
    if (event.data !== TAKE_PRESSED || pressed === undefined) return;
    event.source?.postMessage(pressed);
    pressed = undefined;
  });

  async function answer(message: NotificationMessage): Promise<void> {
    const { open, locked } = await rollCall(worker);
    if (open !== undefined) {
      if (isForPage(message) && (await ask(open, message, CARRY_OUT_MS)) === 'done') return;
      if (!isForPage(message)) open.postMessage(message);
      await open.focus();
    } else if (locked !== undefined) {
      locked.postMessage(message);
      await locked.focus();
    } else {
      pressed = message;
      await worker.clients.openWindow('/chats');
    }
  }
}

/** Whether it is done without anything being opened. */
const isForPage = ({ action, text }: NotificationMessage): boolean =>
  action === 'read' || (action === 'reply' && text !== '');

/** The text is there where the platform lets a person type into notifications. */
function messageFrom(event: NotificationEvent & { readonly reply?: unknown }): NotificationMessage {
  const { conversation } = factsFrom(event.notification.data);
  const text = typeof event.reply === 'string' ? event.reply.trim() : '';
  return {
    type: 'cairn-notification',
    ...(conversation === undefined ? {} : { conversation }),
    action: conversation === undefined ? 'open' : actionOf(event.action),
    text,
  };
}

const actionOf = (action: string): NotificationAction => (action === 'read' || action === 'reply' ? action : 'open');
