import { Dexie } from 'dexie';
import type { Clock, Random, Sealer } from '../core/ports.ts';
import { refusalOf, refuseStorage } from './faults.ts';
import { listenTo } from './live.ts';
import type { Fault } from '../core/result.ts';
import { createStoreMiddleware, type Loads } from './middleware.ts';
import { presentPlan, type Plan } from './migrations.ts';
import { tableNames, type StoreTables, type TableName } from './schema.ts';
import { createRowForm, createVault } from './sealing.ts';
import { createRunning } from './running.ts';
import type { AnyRow } from './validation.ts';
import { createUpgrade, finishUpgrade } from './upgrade.ts';

export type * from './schema.ts';
export type { StorageCode, StorageFault } from './faults.ts';

/** The client's database: its tables by name, and what goes with them. */
export interface Store extends StoreTables {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What the store was made or upgraded to. */
  readonly plan: Plan;
  /** Whether sealed columns can be read and written. Without, rows carry them closed up in `$sealed`. */
  readonly isUnlocked: boolean;
  unlock(sealer: Sealer): void;
  /**
   * What the last upgrade had to leave until there was a sealer, gone on with where it was broken off. To be
   * called after {@link unlock}, before anything is shown. Refused: `locked`, what the steps refuse.
   */
  finishUpgrade(): Promise<void>;
  /** Forgets the sealer. Keys are gone for good only with the worker that held them. */
  lock(): void;
  /** Nothing new begins; what has begun goes on to its end. */
  close(): void;
  /**
   * Resolves once every transaction that has begun is over. A worker that ends sooner can leave the tables locked
   * for everybody: WebKit never ends the transactions of a worker that was terminated.
   */
  quiet(): Promise<void>;
  /** Deletes the database with all that is in it, closed or not; other tabs give it up. Nothing works from then on. */
  remove(): Promise<void>;
  /** A second connection, locked: rows come with what is sealed closed up, damaged or not. */
  beneath(): Promise<Store>;
  /**
   * Runs `work` as one transaction over `tables`: all or nothing. Nothing but this store may be awaited in
   * it. Writes are on disk before it resolves where `tables` hold one that must survive a power cut.
   * Throws a `Refusal` of a {@link StorageFault} or of whatever `work` refused.
   * @param mode `load` writes rows that held together elsewhere, in whatever order they come: see {@link Loads}.
   */
  tx<T>(mode: 'r' | 'rw' | 'load', tables: readonly TableName[], work: () => Promise<T>): Promise<T>;
  /**
   * Calls `show` with the query's answer, at once and whenever a write in any tab, worker or service
   * worker may have changed it, until the returned function is called. A query that fails is told to
   * `failed` and tried again with the next change of what it read until then, and a few times without one.
   */
  live<T>(query: () => Promise<T>, show: (value: T) => void, failed?: (fault: Fault) => void): () => void;
  /**
   * Checks and seals rows that a transaction is about to write, so that it can be done while the database is busy
   * with another one. They are frozen: what is written is what they were. Refused: what writing them would be.
   */
  prepare(table: TableName, rows: readonly object[]): void;
  /** Keyed hash for look-ups without clear text on disk: base64url, 16 bytes. Refused: `locked`. */
  keyedHash(purpose: string, data: Uint8Array): string;
  /** What the store is sealed with, for a backup to take along. Refused: `locked`. */
  databaseKey(): Uint8Array<ArrayBuffer>;
}

export interface StoreOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly indexedDB?: IDBFactory;
  readonly IDBKeyRange?: typeof IDBKeyRange;
  /** A newer version of the app wants to upgrade the store, or it is being deleted: this connection has been closed. */
  readonly onSuperseded?: () => void;
  /** Another tab with an older version keeps the upgrade waiting. */
  readonly onBlocked?: () => void;
  /** What the store is made or upgraded to; a test may have its own. */
  readonly plan?: Plan;
}

/** Tables whose rows must not be lost once a transaction with them is over: outbox, ratchets, MLS state, keys. */
const strictTables: ReadonlySet<string> = new Set<TableName>([
  'offlineOperations',
  'senderKeys',
  'mlsGroups',
  'keyPackages',
  'keyPackageBundles',
  'keyStore',
  'relayLogin',
]);

/**
 * Opens the store, made or upgraded as needed. It starts locked.
 * Refused: `store-newer` (a newer app wrote it; nothing was touched), `migration-failed` (everything is as it
 * was before), `storage-connection`, `storage-full`, `unsupported`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { onSuperseded, onBlocked, ...beneath } = options;
  const { name, clock, random, plan = presentPlan } = options;
  // On localhost Dexie would print every refusal, also those that are answered.
  Dexie.debug = false;
  // Dexie's live queries ask the global factory whether there is a database at all.
  if (options.indexedDB !== undefined) Dexie.dependencies.indexedDB ??= options.indexedDB;
  const factory = options.indexedDB ?? Dexie.dependencies.indexedDB ?? refuseStorage('unsupported');
  const version = await translated(() => versionOnDisk(factory, name));
  if (version > (plan.migrations.at(-1)?.version ?? 0)) refuseStorage('store-newer', { detail: name });
  const upgrade = createUpgrade(plan, version, clock.now);

  const vault = createVault();
  const db = new Dexie(name, {
    indexedDB: factory,
    ...(options.IDBKeyRange !== undefined && { IDBKeyRange: options.IDBKeyRange }),
    autoOpen: false,
    cache: 'disabled',
  });
  const loads: Loads = new WeakSet();
  const running = createRunning();
  db.use(running.middleware);
  db.use(createStoreMiddleware(plan.schema, strictTables, vault, loads));
  upgrade.declareOn(db);
  db.on('blocked', () => onBlocked?.());
  db.on('versionchange', () => {
    db.close({ disableAutoOpen: true });
    onSuperseded?.();
    return false;
  });
  await translated(() =>
    db.open().catch((thrown: unknown) => {
      db.close();
      return upgrade.failed(factory, name, thrown);
    }),
  );

  const relisten = new Set<() => void>();
  const setSealer = (sealer: Sealer | undefined): void => {
    vault.sealer = sealer;
    for (const again of relisten) again();
  };
  const tables = Object.fromEntries(tableNames.map((table) => [table, db.table(table)])) as unknown as StoreTables;
  const store: Store = {
    ...tables,
    name,
    clock,
    random,
    plan,
    get isUnlocked() {
      return vault.sealer !== undefined;
    },
    unlock: setSealer,
    finishUpgrade: () => finishUpgrade(plan, tables, (among, work) => store.tx('rw', among, work), clock.now, vault),
    lock: () => setSealer(undefined),
    close: () => db.close({ disableAutoOpen: true }),
    quiet: () => running.over(),
    remove: () => translated(() => db.delete({ disableAutoOpen: true })),
    beneath: () => openStore(beneath),
    tx: (mode, among, work) =>
      translated(() =>
        db.transaction(mode === 'load' ? 'rw' : mode, [...among], async (trans) => {
          // An async function even so: Dexie follows native promises only out of one.
          if (mode === 'load') loads.add(trans.idbtrans);
          return work();
        }),
      ),
    live(query, show, failed) {
      let stop = listenTo(clock, query, show, failed);
      const again = (): void => {
        stop();
        stop = listenTo(clock, query, show, failed);
      };
      relisten.add(again);
      return () => {
        relisten.delete(again);
        stop();
      };
    },
    prepare(table, rows) {
      const declaration = plan.schema[table];
      if (declaration === undefined) return;
      const form = createRowForm(table, declaration, vault);
      for (const row of rows) form.prepare(row as AnyRow);
    },
    keyedHash: (purpose, data) => (vault.sealer ?? refuseStorage('locked')).keyedHash(purpose, data),
    databaseKey: () => (vault.sealer ?? refuseStorage('locked')).databaseKey(),
  };
  return store;
}

/** What the database throws becomes a `Refusal` of a {@link StorageFault}. */
async function translated<T>(work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw refusalOf(thrown);
  }
}

/**
 * Schema version of the store on disk, 0 where there is none. Asked before Dexie opens it, because Dexie
 * would open a newer store and add to it what an older declaration has. Dexie keeps versions times ten.
 */
function versionOnDisk(factory: IDBFactory, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name);
    let isNew = false;
    request.onupgradeneeded = () => {
      isNew = true;
      request.transaction?.abort();
    };
    request.onsuccess = () => {
      const { version } = request.result;
      request.result.close();
      resolve(Math.floor(version / 10));
    };
    request.onerror = (event) => {
      event.preventDefault();
      if (isNew) resolve(0);
      else reject(request.error ?? new Error('open'));
    };
  });
}
