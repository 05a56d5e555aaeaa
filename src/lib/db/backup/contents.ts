import { base64urlFromBytes } from '../../core/bytes.ts';
import { tableNames } from '../schema.ts';
import type { KeyStoreRow, OfflineOperationRow, Store, TableName } from '../store.ts';
import type { AnyRow } from '../validation.ts';

/** Tables that no backup holds, each with its reason. Every other table is in it, row for row. */
export const leftOut: Readonly<Partial<Record<TableName, string>>> = {
  relayLogin: 'the login key never leaves the browser; a restored device makes another',
  sessions: 'a restored device logs in anew',
  keyPackages: 'their private halves are not kept; a restored device publishes others',
  keyPackageBundles: 'a private key that is used once must not come back',
  schemaMigrations: 'tells of this store, not of what is in it',
  backupMetadata: 'lists the files that this device made',
  backupContents: 'lists the files that this device made',
  backupDigests: 'belongs to the last file that this device made',
};

export const backedUpTables: readonly TableName[] = tableNames.filter((name) => leftOut[name] === undefined);

/** A row as a backup holds it; `undefined` for one that it does not hold. */
export type RowFilter = (table: TableName, row: AnyRow) => AnyRow | undefined;

/**
 * Rows of backed up tables that are left out or changed, because a restored device must not go on where
 * this one stands:
 * - the wrapping of the database key by the passphrase: a restored vault gets a passphrase of its own;
 * - the device's own sender chains, and whatever was sealed with them: a chain that seals twice with one key
 *   gives away both messages. Records in the outbox are to be sealed again;
 * - a commit of its own that is in flight, which a restored device could not tell from one that failed.
 */
export async function backupFilter(store: Store): Promise<RowFilter> {
  const own = (await store.keyStore.get('mlsSignature'))?.publicKey;
  const ownChains = own === undefined ? undefined : base64urlFromBytes(own);
  return (table, row) => {
    switch (table) {
      case 'keyStore':
        return (row as KeyStoreRow).keyId === 'database' ? undefined : row;
      case 'senderKeys':
        return row['senderPublicKey'] === ownChains ? undefined : row;
      case 'mlsGroups':
        return without(row, 'staged');
      case 'offlineOperations':
        return unsealed(row as OfflineOperationRow);
      default:
        return row;
    }
  };
}

function unsealed(row: OfflineOperationRow): AnyRow {
  if (row.operationType !== 'append') return row;
  const { payload: _sealed, streamId: _stream, epoch: _epoch, ...kept } = row;
  return kept.status === 'pending' || kept.status === 'inFlight' ? { ...kept, status: 'needsRekey' } : kept;
}

function without(row: AnyRow, name: string): AnyRow {
  const { [name]: _gone, ...rest } = row;
  return rest;
}
