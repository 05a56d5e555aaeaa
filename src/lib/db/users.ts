import type { AccountId } from '../core/ids.ts';
import { found } from './faults.ts';
import { byName, mentions } from './names.ts';
import type { Store, UserRow } from './store.ts';
import type { Preferences, SecuritySettings } from './values.ts';

/** A row for everybody known: the own account and other people, contacts or not. */

/** Refused: `duplicate` (id or handle), `validation`. */
export async function createUser(
  store: Store,
  user: Omit<UserRow, 'createdAt' | 'updatedAt'>,
  now: number,
): Promise<UserRow> {
  const row: UserRow = { ...user, createdAt: now, updatedAt: now };
  await store.users.add(row);
  return row;
}

export async function getUser(store: Store, id: AccountId): Promise<UserRow | undefined> {
  return store.users.get(id);
}

export async function getUserByHandle(store: Store, handle: string): Promise<UserRow | undefined> {
  return store.users.where('handle').equals(handle).first();
}

/** Everybody known, by name. */
export async function listUsers(store: Store, status?: UserRow['status']): Promise<UserRow[]> {
  const rows = status === undefined ? store.users.toArray() : store.users.where('status').equals(status).toArray();
  return byName(await rows);
}

/** Refused: `not-found`, `duplicate`, `validation`. */
export async function updateUser(
  store: Store,
  id: AccountId,
  changes: Partial<Omit<UserRow, 'id' | 'createdAt' | 'updatedAt'>>,
  now: number,
): Promise<void> {
  found('users', await store.users.update(id, { ...changes, updatedAt: now }));
}

/** Hides a person and keeps their row and history; {@link activateUser} undoes it. */
export const deactivateUser = (store: Store, id: AccountId, now: number): Promise<void> =>
  updateUser(store, id, { status: 'deactivated' }, now);

export const activateUser = (store: Store, id: AccountId, now: number): Promise<void> =>
  updateUser(store, id, { status: 'active' }, now);

/** Deletes a person with devices, contact, direct conversation and all that is in it. */
export async function deleteUser(store: Store, id: AccountId): Promise<void> {
  await store.users.delete(id);
}

/** Whether somebody else has the handle. */
export async function isHandleTaken(store: Store, handle: string, except?: AccountId): Promise<boolean> {
  const owner = await getUserByHandle(store, handle);
  return owner !== undefined && owner.id !== except;
}

/** What a person tells about themselves. */
export type Profile = Pick<UserRow, 'displayName' | 'avatar' | 'statusMessage' | 'customFields'>;

/** Changes the parts of a profile that are named; one that is `undefined` goes. Refused: `not-found`, `validation`. */
export const updateProfile = (
  store: Store,
  id: AccountId,
  profile: { readonly [K in keyof Profile]?: Profile[K] | undefined },
  now: number,
): Promise<void> => alter(store, id, now, (row) => Object.assign(row, profile));

/**
 * Changes the preferences that are named and keeps the others; one that is `undefined` goes. Refused: `not-found`,
 * `validation`.
 */
export const updatePreferences = (
  store: Store,
  id: AccountId,
  changes: { readonly [K in keyof Preferences]?: Preferences[K] | undefined },
  now: number,
): Promise<void> =>
  alter(store, id, now, (row) => {
    // What is undefined is not written.
    row.preferences = { ...row.preferences, ...changes } as Preferences;
  });

/** As {@link updatePreferences}, for what guards the account. */
export const updateSecuritySettings = (
  store: Store,
  id: AccountId,
  changes: SecuritySettings,
  now: number,
): Promise<void> =>
  alter(store, id, now, (row) => {
    row.securitySettings = { ...row.securitySettings, ...changes };
  });

async function alter(store: Store, id: AccountId, now: number, change: (row: UserRow) => void): Promise<void> {
  const touched = await store.users
    .where('id')
    .equals(id)
    .modify((row) => {
      change(row);
      row.updatedAt = now;
    });
  found('users', touched);
}

/** People whose name, handle or status message contain `words`, whatever their case and accents, by name. */
export async function searchUsers(store: Store, words: string, status?: UserRow['status']): Promise<UserRow[]> {
  return (await listUsers(store, status)).filter((row) =>
    mentions(words, row.displayName, row.handle, row.statusMessage),
  );
}
