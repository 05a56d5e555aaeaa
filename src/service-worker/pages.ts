import { WHO, type Presence } from '../lib/core/pageMessages.ts';
import { systemClock } from '../lib/platform/clock.ts';

/** A page that is there answers at once; one that the browser froze does not. */
const ROLL_CALL_MS = 500;

/** The pages of the app, those that a person looks at first. */
export const pagesOf = (worker: ServiceWorkerGlobalScope): Promise<readonly WindowClient[]> =>
  worker.clients.matchAll({ type: 'window' });

/** What a page answers to `message` over a port of its own; `undefined` when it says nothing for `ms`. */
export function ask(page: Client, message: unknown, ms: number): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { port1, port2 } = new MessageChannel();
  const cancel = systemClock.after(ms, () => resolve(undefined));
  port1.onmessage = ({ data }) => resolve(data);
  page.postMessage(message, [port2]);
  return promise.finally(() => {
    cancel();
    port1.close();
  });
}

/** The first page whose vault is open, and the first that is locked. */
export async function rollCall(
  worker: ServiceWorkerGlobalScope,
): Promise<{ readonly [P in Presence]?: WindowClient | undefined }> {
  const pages = await pagesOf(worker);
  const answers = await Promise.all(pages.map((page) => ask(page, WHO, ROLL_CALL_MS)));
  const first = (presence: Presence) => pages.find((_, i) => answers[i] === presence);
  return { open: first('open'), locked: first('locked') };
}
