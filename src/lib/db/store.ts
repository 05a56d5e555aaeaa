import { Dexie, liveQuery, type Table } from 'dexie';
import type { Clock, Random, Sealer } from '../core/ports.ts';
import { refusalOf, refuseStorage, storageFaultOf } from './faults.ts';
import type { Fault } from '../core/result.ts';
import { createStoreMiddleware } from './middleware.ts';
import { checksumOf, migrations } from './migrations.ts';
import { schema, SCHEMA_VERSION, tableNames, type Key, type Row, type TableName } from './schema.ts';
import type { Vault } from './sealing.ts';

export type * from './schema.ts';
export type { StorageCode, StorageFault } from './faults.ts';

export type StoreTables = { readonly [T in TableName]: Table<Row<T>, Key<T>> };

/** The client's database: its tables by name, and what goes with them. */
export interface Store extends StoreTables {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether sealed columns can be read and written. Without, rows carry them closed up in `$sealed`. */
  readonly isUnlocked: boolean;
  unlock(sealer: Sealer): void;
  /** Forgets the sealer. Keys are gone for good only with the worker that held them. */
  lock(): void;
  close(): void;
  /**
   * Runs `work` as one transaction over `tables`: all or nothing. Nothing but this store may be awaited in
   * it. Writes are on disk before it resolves where `tables` hold one that must survive a power cut.
   * Throws a `Refusal` of a {@link StorageFault} or of whatever `work` refused.
   */
  tx<T>(mode: 'r' | 'rw', tables: readonly TableName[], work: () => Promise<T>): Promise<T>;
  /**
   * Calls `show` with the query's answer, at once and whenever a write in any tab, worker or service
   * worker may have changed it, until the returned function is called. A query that fails is told to
   * `failed` and tried again with the next change.
   */
  live<T>(query: () => Promise<T>, show: (value: T) => void, failed?: (fault: Fault) => void): () => void;
  /** Keyed hash for look-ups without clear text on disk: base64url, 16 bytes. Refused: `locked`. */
  keyedHash(purpose: string, data: Uint8Array): string;
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
 * Refused: `store-newer` (a newer app wrote it; nothing was touched), `storage-connection`, `storage-full`, `unsupported`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { name, clock, random } = options;
  // On localhost Dexie would print every refusal, also those that are answered.
  Dexie.debug = false;
  // Dexie's live queries ask the global factory whether there is a database at all.
  if (options.indexedDB !== undefined) Dexie.dependencies.indexedDB ??= options.indexedDB;
  const factory = options.indexedDB ?? Dexie.dependencies.indexedDB ?? refuseStorage('unsupported');
  const version = await translated(() => versionOnDisk(factory, name));
  if (version > SCHEMA_VERSION) refuseStorage('store-newer', { detail: name });

  const vault: Vault = { sealer: undefined };
  const db = new Dexie(name, {
    indexedDB: factory,
    ...(options.IDBKeyRange !== undefined && { IDBKeyRange: options.IDBKeyRange }),
    autoOpen: false,
    cache: 'disabled',
  });
  db.use(createStoreMiddleware(schema, strictTables, vault));
  for (const { version, stores } of migrations) db.version(version).stores(stores);
  db.on('populate', (trans) => {
    void trans.table('schemaMigrations').bulkAdd(bookkeeping(clock.now()));
  });
  db.on('blocked', () => options.onBlocked?.());
  db.on('versionchange', () => {
    db.close({ disableAutoOpen: true });
    options.onSuperseded?.();
    return false;
  });
  await translated(() => db.open().catch(closing(db)));

  const relisten = new Set<() => void>();
  const setSealer = (sealer: Sealer | undefined): void => {
    vault.sealer = sealer;
    for (const again of relisten) again();
  };
  const tables = Object.fromEntries(tableNames.map((table) => [table, db.table(table)])) as unknown as StoreTables;
  return {
    ...tables,
    name,
    clock,
    random,
    get isUnlocked() {
      return vault.sealer !== undefined;
    },
    unlock: setSealer,
    lock: () => setSealer(undefined),
    close: () => db.close({ disableAutoOpen: true }),
    tx: (mode, among, work) => translated(() => db.transaction(mode, [...among], work)),
    live(query, show, failed) {
      const listen = () =>
        liveQuery(query).subscribe({
          next: show,
          error(thrown: unknown) {
            const fault = storageFaultOf(thrown);
            if (fault === undefined) throw thrown;
            failed?.(fault);
          },
        });
      let subscription = listen();
      const again = (): void => {
        subscription.unsubscribe();
        subscription = listen();
      };
      relisten.add(again);
      return () => {
        relisten.delete(again);
        subscription.unsubscribe();
      };
    },
    keyedHash: (purpose, data) => (vault.sealer ?? refuseStorage('locked')).keyedHash(purpose, data),
  };
}

/** What the database throws becomes a `Refusal` of a {@link StorageFault}. */
async function translated<T>(work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw refusalOf(thrown);
  }
}

const closing =
  (db: Dexie) =>
  (thrown: unknown): never => {
    db.close();
    throw thrown;
  };

/** Rows for a store made at the present version: no step before it ever ran here. */
const bookkeeping = (now: number): Row<'schemaMigrations'>[] =>
  migrations
    .filter(({ version }) => version === SCHEMA_VERSION)
    .map(({ version, description }) => ({
      version,
      appliedAt: now,
      description,
      checksum: checksumOf(schema),
      success: true,
    }));

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
