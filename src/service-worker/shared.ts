import { TAKE_SHARED, type SharedMessage } from '../lib/core/pageMessages.ts';

/** Where the manifest's share target posts to. */
const SHARE = '/share';

/**
 * Takes what another app shares. It is kept in memory and nowhere else, until the page that opens has asked
 * for it: nothing of it may be on the disk unsealed, and the vault may be locked.
 */
export function takeShares(worker: ServiceWorkerGlobalScope): void {
  let shared: SharedMessage | undefined;
  worker.addEventListener('fetch', (event) => {
    const { request } = event;
    if (request.method !== 'POST' || new URL(request.url).pathname !== SHARE) return;
    const take = async (): Promise<Response> => {
      shared = { type: 'cairn-shared', text: textFrom(await request.formData()) };
      return Response.redirect('/chats', 303);
    };
    event.respondWith(take());
  });
  worker.addEventListener('message', (event) => {
    if (event.data !== TAKE_SHARED || shared === undefined) return;
    event.source?.postMessage(shared);
    shared = undefined;
  });
}

/** Title, text and address in lines of their own, each once. */
function textFrom(form: FormData): string {
  const parts = ['title', 'text', 'url'].map((name) => form.get(name)).filter((part) => typeof part === 'string');
  return [...new Set(parts.map((part) => part.trim()))].filter((part) => part !== '').join('\n');
}
