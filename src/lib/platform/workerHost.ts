import * as Comlink from 'comlink';
import { openStore, type Store } from '../db/store.ts';
import { createCairn, type Cairn } from '../services/cairn.ts';
import { settle, type Fault, type Result } from '../core/result.ts';
import { systemClock } from './clock.ts';
import { createHttpTransport } from './httpTransport.ts';
import { webLoginKeys } from './loginKeys.ts';
import { consoleLogger, systemRandom, webLocks } from './ports.ts';
import { storageDevice } from './storage.ts';
import { STORE_NAME } from './storeName.ts';

/**
 * The worker that holds the keys: the composition root of the client. Terminating it is what locking
 * means. The page talks to {@link WorkerHost} and from there to the client.
 */
export interface WorkerHost {
  /** Opens the store. Refused: the store's faults, e.g. `store-newer`. */
  start(onSuperseded: () => void, onBlocked: () => void): Promise<Result<void, Fault>>;
  client(): Cairn & Comlink.ProxyMarked;
  /** Forgets the keys; resolves once this worker can be ended without breaking anything off. */
  end(): Promise<void>;
}

let store: Store | undefined;
let cairn: Cairn | undefined;

const host: WorkerHost = {
  start: (onSuperseded, onBlocked) =>
    settle(async () => {
      store = await openStore({
        name: STORE_NAME,
        clock: systemClock,
        random: systemRandom,
        onSuperseded,
        onBlocked,
      });
      cairn = createCairn({
        store,
        transport: createHttpTransport(location.origin, systemClock),
        loginKeys: webLoginKeys,
        clock: systemClock,
        random: systemRandom,
        locks: webLocks,
        logger: consoleLogger,
        storage: storageDevice,
        backupFiles: { create: async (name) => (await import('./backupFiles.ts')).originFiles.create(name) },
      });
    }),
  client() {
    if (cairn === undefined) throw new Error('the store is not open yet');
    return Comlink.proxy(withProxiedReturns(cairn));
  },
  async end() {
    cairn?.dispose();
    await store?.quiet();
  },
};

/** What stops a watch is a function, and stays in this worker. */
function withProxiedReturns(client: Cairn): Cairn {
  return new Proxy(client, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || typeof name !== 'string' || !name.startsWith('watch')) return member;
      return async (...args: unknown[]) => Comlink.proxy((await Reflect.apply(member, target, args)) as () => void);
    },
  });
}

globalThis.addEventListener('online', () => cairn?.poke());

Comlink.expose(host);
