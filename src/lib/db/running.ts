import type { DBCore, Middleware } from 'dexie';

/** Knows the transactions of one connection that are not over yet. */
export interface Running {
  readonly middleware: Middleware<DBCore>;
  /** Resolves once each that had begun is over, however it ended. */
  over(): Promise<void>;
}

/** To be the innermost layer, where a transaction is the browser's own. */
export function createRunning(): Running {
  const running = new Set<Promise<void>>();
  return {
    middleware: {
      stack: 'dbcore',
      name: 'running',
      level: -2,
      create: (core) => ({
        ...core,
        transaction(stores, mode, options) {
          const begun = core.transaction(stores, mode, options);
          // Dexie's type shows of it only that it can be aborted.
          const native = begun as unknown as IDBTransaction;
          const { promise, resolve } = Promise.withResolvers<void>();
          native.addEventListener('complete', () => resolve());
          native.addEventListener('abort', () => resolve());
          running.add(promise);
          void promise.then(() => running.delete(promise));
          return begun;
        },
      }),
    },
    async over() {
      await Promise.all(running);
    },
  };
}
