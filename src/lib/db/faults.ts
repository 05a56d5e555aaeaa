import { err, faultOf, ok, Refusal, refuse, type Fault, type Result, type Retry } from '../core/result.ts';

export type StorageCode =
  | 'storage-connection'
  | 'storage-query'
  | 'not-found'
  | 'duplicate'
  | 'validation'
  | 'serialisation'
  | 'constraint'
  | 'timeout'
  | 'storage-full'
  | 'unsupported'
  | 'locked'
  | 'sealed-value-damaged'
  | 'store-newer'
  | 'migration-failed';

/** What can go wrong with the store. `entity` is a table, `field` a column or the name of a rule. */
export interface StorageFault extends Fault<StorageCode> {
  readonly entity?: string;
  readonly field?: string;
}

const retries: Readonly<Record<StorageCode, Retry>> = {
  'storage-connection': 'now',
  'storage-query': 'never',
  'not-found': 'never',
  duplicate: 'never',
  validation: 'never',
  serialisation: 'never',
  constraint: 'never',
  timeout: 'now',
  'storage-full': 'person',
  unsupported: 'never',
  locked: 'person',
  'sealed-value-damaged': 'never',
  'store-newer': 'person',
  'migration-failed': 'person',
};

/** @param detail for developers; never a value of a row. */
export const storageFault = (
  code: StorageCode,
  where: { readonly entity?: string; readonly field?: string; readonly detail?: string } = {},
): StorageFault => ({ code, retry: retries[code], ...where });

/** Ends the surrounding transaction with a {@link StorageFault}. */
export const refuseStorage = (code: StorageCode, where?: Parameters<typeof storageFault>[1]): never =>
  refuse(storageFault(code, where));

/**
 * The fault behind anything the database threw: our own refusals as they are, and the named errors of
 * Dexie and IndexedDB translated. `undefined` for what is neither: a bug.
 */
export function storageFaultOf(thrown: unknown): Fault | undefined {
  const refused = faultOf(thrown);
  if (refused !== undefined) return refused;
  for (const { name, message } of causes(thrown)) {
    const code = codes.get(name);
    if (code !== undefined) return storageFault(code, { detail: `${name}: ${message}` });
  }
  return undefined;
}

/** The same error as a {@link Refusal} where it is a fault, else unchanged. */
export function refusalOf(thrown: unknown): unknown {
  const fault = storageFaultOf(thrown);
  return fault === undefined || thrown instanceof Refusal ? thrown : new Refusal(fault);
}

/** A {@link settle} that also knows the database's own errors, for work that is not one `store.tx`. */
export async function settleStorage<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (thrown) {
    const fault = storageFaultOf(thrown);
    if (fault === undefined) throw thrown;
    return err(fault);
  }
}

/** Innermost causes first: an abort says less than the full disk that caused it. */
function causes(thrown: unknown): { name: string; message: string }[] {
  const found: { name: string; message: string }[] = [];
  let at: unknown = thrown;
  for (let depth = 0; depth < 4 && typeof at === 'object' && at !== null && 'name' in at; depth++) {
    found.unshift({ name: String(at.name), message: 'message' in at ? String(at.message) : '' });
    at = 'inner' in at ? at.inner : 'cause' in at ? at.cause : undefined;
  }
  return found;
}

const codes: ReadonlyMap<string, StorageCode> = new Map([
  ['QuotaExceededError', 'storage-full'],
  ['ConstraintError', 'duplicate'],
  ['DataCloneError', 'serialisation'],
  ['DataError', 'validation'],
  ['VersionError', 'store-newer'],
  ['TimeoutError', 'timeout'],
  ['MissingAPIError', 'unsupported'],
  ['UnsupportedError', 'unsupported'],
  ['DatabaseClosedError', 'storage-connection'],
  ['OpenFailedError', 'storage-connection'],
  ['NoSuchDatabaseError', 'storage-connection'],
  ['InvalidStateError', 'storage-connection'],
  ['UnknownError', 'storage-connection'],
  ['AbortError', 'storage-query'],
  ['NotFoundError', 'storage-query'],
  ['InvalidTableError', 'storage-query'],
  ['ReadOnlyError', 'storage-query'],
  ['SchemaError', 'storage-query'],
  ['UpgradeError', 'storage-query'],
  ['SubTransactionError', 'storage-query'],
  ['PrematureCommitError', 'storage-query'],
  ['TransactionInactiveError', 'storage-query'],
]);

/** Refuses `not-found` where an `update`, which answers how many rows it found, found none. */
export function found(entity: string, touched: number): void {
  if (touched === 0) refuseStorage('not-found', { entity });
}
