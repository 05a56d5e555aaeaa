/**
 * What the service worker says when nobody is there to ask, in the person's language. Worker and page share no
 * other store that is in clear, and the words are the same for everybody.
 */
export interface NotificationWords {
  readonly title: string;
}

const CACHE = 'cairn-words';
const PLACE = '/notification-words';

/** Keeps them for the service worker. */
export async function keepWords(words: NotificationWords): Promise<void> {
  await (await caches.open(CACHE)).put(PLACE, Response.json(words));
}

/** What was kept, or the name of the app. */
export async function keptWords(): Promise<NotificationWords> {
  const kept: unknown = await (await caches.match(PLACE, { cacheName: CACHE }))?.json();
  const hasTitle = typeof kept === 'object' && kept !== null && 'title' in kept && typeof kept.title === 'string';
  return hasTitle ? { title: String(kept.title) } : { title: 'Cairn' };
}
