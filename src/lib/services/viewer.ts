import type { AccountId } from '../core/ids.ts';
import { openable, openableOf } from '../db/openable.ts';
import type { Store, UserRow } from '../db/store.ts';
import type { Identity } from '../sync/identity.ts';

/** Who looks, and at what. */
export interface Viewer {
  readonly store: Store;
  readonly identity: Identity;
}

/** Display names by account. */
export type Names = ReadonlyMap<AccountId, string>;

const namesIn = (rows: readonly UserRow[]): Names => new Map(rows.map((row) => [row.id, row.displayName]));

/** Of those among them that are known here: what is shown changes with nobody else. */
export const namesOf = async ({ store }: Viewer, accounts: Iterable<AccountId>): Promise<Names> =>
  namesIn(await openableOf(store.users, [...new Set(accounts)]));

/** Of everybody known here. */
export const allNames = async ({ store }: Viewer): Promise<Names> => namesIn(await openable(store.users));
