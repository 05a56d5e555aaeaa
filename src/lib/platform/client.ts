import * as Comlink from 'comlink';
import { systemClock } from './clock.ts';
import { unwrap } from '../core/result.ts';
import type { CairnClient } from '../services/client.ts';
import { listenForDrainRequests, registerServiceWorker, requestBackgroundSync } from './serviceWorkerClient.ts';
import { scriptUrl } from './trustedTypes.ts';
import { onWakeUps } from './wakeUps.ts';
import type { WorkerHost } from './workerHost.ts';
import workerUrl from './worker.ts?worker&url';

/** The keys are forgotten at once; whatever keeps the worker from an orderly end, it ends. */
const LONGEST_END_MS = 3_000;

interface ConnectEvents {
  onReconnect(client: CairnClient): void;
  /** A tab with an older version keeps the upgrade of the store waiting. */
  onBlocked(): void;
}

/**
 * Starts the worker that holds the keys and connects the page to it. `lock` ends that worker, which is
 * what forgets the keys, and hands a fresh client to `onReconnect`; `startAnew` does so where there is no account
 * any more, after clearing what that left beside the store. Throws a `Refusal` where the store can't
 * be opened.
 */
export async function connectClient({
  onReconnect,
  onBlocked,
}: ConnectEvents): Promise<{ client: CairnClient; lock(): Promise<void>; startAnew(): Promise<void> }> {
  let current = await startWorker(onBlocked);
  const nudge = () => void current.nudge();
  onWakeUps({ window, document }, nudge);
  await registerServiceWorker();
  listenForDrainRequests(nudge);
  const lock = async () => {
    await current.end();
    current = await startWorker(onBlocked);
    onReconnect(current.client);
  };
  return {
    client: current.client,
    lock,
    async startAnew() {
      await (await import('./clearBeside.ts')).clearBeside();
      await lock();
    },
  };
}

interface Running {
  readonly client: CairnClient;
  nudge(): Promise<void>;
  end(): Promise<void>;
}

async function startWorker(onBlocked: () => void): Promise<Running> {
  // Trusted Types want the address to come from a named policy; the DOM's types know only text.
  const worker = new Worker(scriptUrl(workerUrl) as string, { type: 'module', name: 'cairn' });
  const host = Comlink.wrap<WorkerHost>(worker);
  unwrap(
    await host.start(
      Comlink.proxy(() => location.reload()),
      Comlink.proxy(onBlocked),
    ),
  );
  const remote = await host.client();
  const client = asClient(remote);
  await wakeForWaiting(client);
  return {
    client,
    nudge: async () => {
      await (remote as unknown as { poke(): Promise<void> }).poke();
    },
    async end() {
      const late = Promise.withResolvers<undefined>();
      const cancel = systemClock.after(LONGEST_END_MS, () => late.resolve(undefined));
      await Promise.race([host.end().catch(() => undefined), late.promise]);
      cancel();
      worker.terminate();
    },
  };
}

/** Whenever something waits, the browser is asked to wake the service worker once there is a network. */
async function wakeForWaiting(client: CairnClient): Promise<void> {
  let isAsked = false;
  await client.watchConnection(({ waiting }) => {
    if (waiting > 0 && !isAsked) void requestBackgroundSync();
    isAsked = waiting > 0;
  });
}

/** The remote client with plain callbacks: what is shown to the page is called over the channel. */
function asClient(remote: unknown): CairnClient {
  return new Proxy(remote as CairnClient, {
    get(target, name) {
      if (typeof name !== 'string') return undefined;
      // The remote end must not look like a promise when it is returned from an async function.
      if (name === 'then') return undefined;
      const call = (target as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
      if (!name.startsWith('watch')) return (...args: unknown[]) => call?.(...args);
      return (...args: unknown[]) =>
        call?.(...args.map((arg) => (typeof arg === 'function' ? Comlink.proxy(arg as () => void) : arg)));
    },
  });
}
