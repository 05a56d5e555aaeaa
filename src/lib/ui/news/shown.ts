import { factsFrom, SOMETHING_TAG } from '../../core/pageMessages.ts';

/** Notifications of the app that are shown now. */
async function shownNow(): Promise<readonly Notification[]> {
  if (!('serviceWorker' in navigator)) return [];
  return (await (await navigator.serviceWorker.getRegistration())?.getNotifications()) ?? [];
}

/** What a locked device may not show. */
export async function closeContent(): Promise<void> {
  for (const shown of await shownNow()) if (factsFrom(shown.data).hasContent === true) shown.close();
}

/** The person is here, and sees what there is. */
export async function closeSomething(): Promise<void> {
  for (const shown of await shownNow()) if (shown.tag === SOMETHING_TAG) shown.close();
}

/** These conversations have nothing unread any more. */
export async function closeRead(conversations: readonly string[]): Promise<void> {
  if (conversations.length === 0) return;
  for (const shown of await shownNow()) if (conversations.includes(shown.tag)) shown.close();
}
