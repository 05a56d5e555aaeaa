import type { NotificationFacts } from '../../core/pageMessages.ts';
import type { ConversationItem, PreferencesItem } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';
import { closeRead } from './shown.ts';
import { worthTelling } from './worthTelling.ts';

/** Tells of the conversations as they are now, held against how they were when it was last told. */
export type Tell = (
  items: readonly ConversationItem[],
  wanted: Pick<PreferencesItem, 'notifications' | 'showsContent'>,
) => Promise<void>;

/**
 * Tells a person who looks elsewhere what is new, and takes it back once it is read.
 * @param self name by which others mention the person
 */
export function createTeller(self: string): Tell {
  let before: ReadonlyMap<string, number> | undefined;
  return async (items, { notifications, showsContent }) => {
    const known = before;
    before = new Map(items.map(({ id, unread }) => [id, unread]));
    if (known === undefined) return;
    await closeRead(items.filter(({ id, unread }) => unread === 0 && (known.get(id) ?? 0) > 0).map(({ id }) => id));
    if (document.visibilityState === 'visible') return;
    for (const item of worthTelling(items, known, notifications, self)) await show(item, showsContent);
  };
}

async function show(item: ConversationItem, showsContent: boolean): Promise<void> {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const { author, text = '' } = item.preview ?? {};
  const said = text === '' ? m.notify_message() : author === undefined ? text : m.preview({ author, text });
  const registration = await navigator.serviceWorker.ready;
  // Where one can't type into a notification, `type` says nothing and the button leads to the composer.
  await registration.showNotification(showsContent ? item.title : m.notify_new(), {
    ...(showsContent ? { body: said } : {}),
    tag: item.id,
    icon: '/icon-192.png',
    badge: '/icon-monochrome-512.png',
    data: { conversation: item.id, hasContent: showsContent } satisfies NotificationFacts,
    actions: [
      { action: 'reply', type: 'text', title: m.notify_reply(), placeholder: m.conversation_message() },
      { action: 'read', title: m.notify_read() },
    ],
  } as NotificationOptions);
}
