import { IDBFactory } from 'fake-indexeddb';

/** What a device keeps while its processes come and go. */
export type Disk = IDBFactory;

export const createDisk = (): Disk => new IDBFactory();

const writes = new WeakMap<Disk, number>();

/** How many transactions wrote to a disk: while it is the same, everything on the disk is. */
export const writesTo = (disk: Disk): number => writes.get(disk) ?? 0;

/**
 * One process on a device, from its start to its end. It can be killed wherever that makes a difference:
 * before each transaction that writes, at each step of one, before and after each request. What it wrote in
 * transactions that were not over is undone, as a browser undoes it, and nothing it does afterwards reaches
 * the disk or the network.
 */
export interface Life {
  readonly isOver: boolean;
  readonly indexedDB: IDBFactory;
  /** A place where the process may be killed. Throws once it was. */
  point(): void;
  /** Kills it at the `points`-th point from here. */
  killAt(points: number): void;
  /** From the `writes`-th write on the disk is full; `Infinity` is room enough again. Answers whether it was full. */
  fullAt(writes: number): boolean;
  /** The killing is off; answers whether it had happened. */
  spare(): boolean;
  kill(): void;
  /** Resolves to what `work` does, or never, where the process ends first. */
  during<T>(work: Promise<T>): Promise<T>;
}

/** Thrown into code of a process that is no more. */
export class Killed extends Error {
  constructor() {
    super('killed');
    this.name = 'Killed';
  }
}

export function createLife(disk: Disk, onKilled: () => void): Life {
  const connections = new Set<IDBDatabase>();
  const transactions = new Set<IDBTransaction>();
  let countdown = Infinity;
  let room = Infinity;
  let isOver = false;

  const life: Life = {
    get isOver() {
      return isOver;
    },
    indexedDB: watched(),
    point() {
      if (isOver) throw new Killed();
      countdown--;
      if (countdown > 0) return;
      life.kill();
      throw new Killed();
    },
    killAt(points) {
      countdown = points;
    },
    fullAt(writes) {
      const wasFull = room <= 0;
      room = writes;
      return wasFull;
    },
    spare() {
      countdown = Infinity;
      return isOver;
    },
    kill() {
      if (isOver) return;
      isOver = true;
      for (const transaction of transactions) abort(transaction);
      for (const connection of connections) connection.close();
      onKilled();
    },
    during: (work) =>
      new Promise((resolve, reject) => {
        work.then(
          (value) => isOver || resolve(value),
          (thrown: unknown) => isOver || reject(thrown as Error),
        );
      }),
  };
  return life;

  /** The disk as this process sees it: every transaction and every use of a table is a point. */
  function watched(): IDBFactory {
    return new Proxy(disk, {
      get(target, name) {
        if (name === 'open') return open;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  }

  function open(name: string, version?: number): IDBOpenDBRequest {
    const request = version === undefined ? disk.open(name) : disk.open(name, version);
    // Before anybody else hears of the connection.
    request.addEventListener('success', () => {
      connections.add(request.result);
      watch(request.result);
    });
    return request;
  }

  function watch(connection: IDBDatabase): void {
    const begin = connection.transaction.bind(connection);
    connection.transaction = (...args) => {
      if (args[1] !== 'readwrite') return begin(...args);
      life.point();
      const transaction = begin(...args);
      transactions.add(transaction);
      const over = () => transactions.delete(transaction);
      transaction.addEventListener('complete', () => {
        writes.set(disk, writesTo(disk) + 1);
        over();
      });
      transaction.addEventListener('abort', over);
      const objectStore = transaction.objectStore.bind(transaction);
      transaction.objectStore = (store) => {
        life.point();
        return bounded(objectStore(store));
      };
      return transaction;
    };
  }

  /** A table that takes writes only while there is room. */
  function bounded(store: IDBObjectStore): IDBObjectStore {
    for (const name of ['add', 'put'] as const) {
      const write = store[name].bind(store) as (...args: unknown[]) => IDBRequest<IDBValidKey>;
      store[name] = (...args: unknown[]) => {
        if (--room <= 0) throw new DOMException('the disk is full', 'QuotaExceededError');
        return write(...args);
      };
    }
    return store;
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It was over already.
  }
}
