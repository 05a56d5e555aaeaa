import { cmp } from 'dexie';
import { bytesFromValue, valueFromBytes } from '../cbor.ts';
import type { BackupDigestRow, Store, TableName } from '../store.ts';
import type { AnyRow } from '../validation.ts';

/** Primary key and keyed hash of a row as a backup holds it. */
export type Digest = readonly [key: unknown, hash: string];

/** Entries of one stored part. */
const PART = 1_000;

/** The row's own bytes and its hash. Refused: `locked`. */
export function digestOf(store: Store, key: unknown, row: AnyRow): { readonly digest: Digest; readonly size: number } {
  const bytes = bytesFromValue(row);
  return { digest: [key, store.keyedHash('backup row', bytes)], size: bytes.length };
}

/** Collects a table's digests in the order of their keys, packed. */
export function createDigestParts(tableName: TableName): { add(digest: Digest): void; rows(): BackupDigestRow[] } {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let open: Digest[] = [];
  const close = (): void => {
    if (open.length > 0) parts.push(bytesFromValue(open));
    open = [];
  };
  return {
    add(digest) {
      open.push(digest);
      if (open.length === PART) close();
    },
    rows() {
      close();
      return parts.map((entries, part) => ({ tableName, part, entries }));
    },
  };
}

/** Walks along the digests of the backup before, while the present rows go by in the same order. */
export interface Before {
  /**
   * Reads what {@link Before.upTo} needs for keys up to `key`, inside the caller's transaction. Apart from it,
   * because Dexie loses sight of a transaction when many awaits in a row ask it nothing.
   */
  reach(key: unknown): Promise<void>;
  /** @returns keys before `key` that are gone, and the hash at `key`. */
  upTo(key: unknown): { readonly gone: readonly unknown[]; readonly hash: string | undefined };
  /** The keys that are left: all of them gone. */
  rest(): Promise<readonly unknown[]>;
}

export function readBefore(store: Store, tableName: TableName): Before {
  let part = 0;
  let at = 0;
  let entries: Digest[] = [];
  const more = async (): Promise<boolean> => {
    const row = await store.backupDigests.get([tableName, part++]);
    if (row !== undefined) entries = [...entries.slice(at), ...(valueFromBytes(row.entries) as Digest[])];
    if (row !== undefined) at = 0;
    return row !== undefined;
  };
  return {
    async reach(key) {
      for (let last = entries.at(-1); last === undefined || cmp(last[0], key) < 0; last = entries.at(-1)) {
        if (!(await more())) return;
      }
    },
    upTo(key) {
      const gone: unknown[] = [];
      for (let digest = entries[at]; digest !== undefined; digest = entries[at]) {
        const order = cmp(digest[0], key);
        if (order > 0) break;
        at++;
        if (order === 0) return { gone, hash: digest[1] };
        gone.push(digest[0]);
      }
      return { gone, hash: undefined };
    },
    async rest() {
      while (await more());
      return entries.slice(at).map(([key]) => key);
    },
  };
}

/** A backup that holds everything has nothing before it. */
export const nothingBefore: Before = {
  reach: () => Promise.resolve(),
  upTo: () => ({ gone: [], hash: undefined }),
  rest: () => Promise.resolve([]),
};
